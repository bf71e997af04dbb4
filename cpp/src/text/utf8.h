// Reading UTF-8 one character at a time.

#ifndef SOTTO_SRC_TEXT_UTF8_H_
#define SOTTO_SRC_TEXT_UTF8_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sotto {

// The longest well-formed beginning of one sequence at the head of some bytes.
// complete: it is a whole character; otherwise it is what one U+FFFD stands for.
struct Utf8Prefix {
  size_t size;
  bool complete;
};

// bytes: not empty.
Utf8Prefix ScanUtf8(std::string_view bytes);

// The character of a complete sequence.
char32_t CodePoint(std::string_view sequence);

// The characters of `text`; nothing where it is not valid UTF-8.
std::optional<std::u32string> CodePoints(std::string_view text);

void AppendUtf8(char32_t c, std::string* out);
std::string ToUtf8(std::u32string_view text);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_UTF8_H_
