#include "text/text_pieces.h"

#include <cstddef>

#include "text/character_classes.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace sotto {
namespace {

enum class Class { kSpace, kLetter, kNumber, kOther };

Class ClassOf(char32_t c) {
  if (IsWhiteSpace(c)) return Class::kSpace;
  if (IsLetter(c)) return Class::kLetter;
  return IsNumber(c) ? Class::kNumber : Class::kOther;
}

size_t SizeOfFirst(std::string_view text) { return ScanUtf8(text).size; }

Class ClassOfFirst(std::string_view text) {
  return ClassOf(CodePoint(text.substr(0, SizeOfFirst(text))));
}

// Bytes of the characters of one class at the head of `text`.
size_t RunOf(Class wanted, std::string_view text) {
  size_t size = 0;
  while (size < text.size() && ClassOfFirst(text.substr(size)) == wanted) {
    size += SizeOfFirst(text.substr(size));
  }
  return size;
}

// Bytes of 's 't 're 've 'm 'll 'd at the head of `text`; 0: another text.
size_t Contraction(std::string_view text) {
  for (std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.substr(0, ending.size()) == ending) return ending.size();
  }
  return 0;
}

// White space before something else leaves it its last character, unless there is but one.
size_t SpacePiece(std::string_view text) {
  const size_t run = RunOf(Class::kSpace, text);
  if (run == text.size()) return run;
  size_t last = 0;  // where the run's last character begins
  while (last + SizeOfFirst(text.substr(last)) < run) last += SizeOfFirst(text.substr(last));
  return last > 0 ? last : run;
}

size_t FirstPiece(std::string_view text) {
  if (const size_t size = Contraction(text); size > 0) return size;
  const size_t space = text[0] == ' ' ? 1 : 0;
  if (space < text.size()) {
    const Class wanted = ClassOfFirst(text.substr(space));
    if (wanted != Class::kSpace) return space + RunOf(wanted, text.substr(space));
  }
  return SpacePiece(text);
}

}  // namespace

std::vector<std::string_view> SplitText(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    pieces.push_back(text.substr(0, FirstPiece(text)));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

}  // namespace sotto
