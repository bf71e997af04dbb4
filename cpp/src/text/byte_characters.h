// The printable characters that stand for bytes in byte-level vocabularies (GPT-2's encoder.py).

#ifndef SOTTO_SRC_TEXT_BYTE_CHARACTERS_H_
#define SOTTO_SRC_TEXT_BYTE_CHARACTERS_H_

namespace sotto {

// Bytes that are printable in Latin-1 stand for themselves; the others, in their order, are U+0100
// and on.
constexpr char32_t CharacterOfByte(unsigned char byte) {
  if (byte <= 0x20) return 0x100u + byte;
  if (byte < 0x7f) return byte;
  if (byte <= 0xa0) return 0x121u + (byte - 0x7f);
  return byte == 0xad ? char32_t{0x143} : char32_t{byte};
}

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_BYTE_CHARACTERS_H_
