// Sets of characters, as the tables that cpp/generate makes write them.

#ifndef SOTTO_SRC_TEXT_CHARACTER_RANGES_H_
#define SOTTO_SRC_TEXT_CHARACTER_RANGES_H_

#include <algorithm>
#include <cstddef>

namespace sotto {

struct CharacterRange {
  char32_t first;
  char32_t last;
};

// Whether a character is in one of the ranges, which are in order.
template <size_t kCount>
bool Holds(const CharacterRange (&ranges)[kCount], char32_t c) {
  const CharacterRange* after = std::upper_bound(
      ranges, ranges + kCount, c,
      [](char32_t value, const CharacterRange& range) { return value < range.first; });
  return after != ranges && c <= (after - 1)->last;
}

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_CHARACTER_RANGES_H_
