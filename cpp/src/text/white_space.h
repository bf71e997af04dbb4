// Unicode's White_Space, which is the same in every version since 6.3.

#ifndef SOTTO_SRC_TEXT_WHITE_SPACE_H_
#define SOTTO_SRC_TEXT_WHITE_SPACE_H_

namespace sotto {

// \s of regular expressions, and char::is_whitespace of Rust.
inline bool IsWhiteSpace(char32_t c) {
  if (c < 0x80) return c == 0x20 || (c >= 0x09 && c <= 0x0d);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_WHITE_SPACE_H_
