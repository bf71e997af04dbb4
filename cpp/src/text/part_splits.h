// What becomes of a separator where a text is split: SplitDelimiterBehavior of the tokenizers
// package.

#ifndef SOTTO_SRC_TEXT_PART_SPLITS_H_
#define SOTTO_SRC_TEXT_PART_SPLITS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "text/json_fields.h"

namespace sotto {

enum class Separators { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

struct Span {
  size_t begin;
  size_t end;
  bool separator;
};

Separators ReadSeparators(const Json& object, const char* key, JsonFields* fields);

// spans: all of `text`, one after the other. Appends the parts, none empty, to `parts`.
void AppendParts(std::u32string_view text, const std::vector<Span>& spans, Separators separators,
                 std::vector<std::u32string_view>* parts);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_PART_SPLITS_H_
