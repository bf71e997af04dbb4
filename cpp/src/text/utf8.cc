#include "text/utf8.h"

#include <cstdint>

namespace sotto {
namespace {

// What a UTF-8 sequence's first byte asks of the next ones (Unicode 15, table 3-7).
struct Utf8Lead {
  int size;           // bytes in the sequence, 0 if no sequence begins so
  unsigned char low;  // the second byte's range
  unsigned char high;
};

Utf8Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};  // a continuation, or an overlong form
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};  // not overlong
  if (byte == 0xed) return {3, 0x80, 0x9f};  // not a surrogate
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};  // not overlong
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};  // not above U+10FFFF
  return {0, 0, 0};
}

}  // namespace

Utf8Prefix ScanUtf8(std::string_view bytes) {
  const Utf8Lead lead = LeadOf(static_cast<unsigned char>(bytes[0]));
  if (lead.size == 0) return {1, false};
  const auto size = static_cast<size_t>(lead.size);
  for (size_t i = 1; i < size; ++i) {
    if (i == bytes.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xbf;
    if (byte < low || byte > high) return {i, false};
  }
  return {size, true};
}

char32_t CodePoint(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  char32_t value = lead & (0x7fu >> sequence.size());
  for (const char c : sequence.substr(1)) {
    value = value << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  }
  return value;
}

}  // namespace sotto
