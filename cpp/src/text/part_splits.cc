#include "text/part_splits.h"

#include <map>
#include <string>

namespace sotto {

Separators ReadSeparators(const Json& object, const char* key, JsonFields* fields) {
  static const std::map<std::string, Separators> kNames = {
      {"Removed", Separators::kRemoved},
      {"Isolated", Separators::kIsolated},
      {"MergedWithPrevious", Separators::kMergedWithPrevious},
      {"MergedWithNext", Separators::kMergedWithNext},
      {"Contiguous", Separators::kContiguous}};
  const std::string name = fields->String(object, key);
  const auto found = kNames.find(name);
  if (found != kNames.end()) return found->second;
  fields->Fail(std::string(key) + " is " + name + ", which is not known");
  return Separators::kIsolated;
}

void AppendParts(std::u32string_view text, const std::vector<Span>& spans, Separators separators,
                 std::vector<std::u32string_view>* parts) {
  const auto joins = [&](const Span& span, const Span& next) {
    switch (separators) {
      case Separators::kMergedWithPrevious:
        return next.separator && !span.separator;
      case Separators::kMergedWithNext:
        return span.separator && !next.separator;
      case Separators::kContiguous:
        return span.separator == next.separator;
      default:
        return false;
    }
  };
  for (size_t i = 0; i < spans.size(); ++i) {
    const size_t begin = spans[i].begin;
    if (separators == Separators::kRemoved && spans[i].separator) continue;
    while (i + 1 < spans.size() && joins(spans[i], spans[i + 1])) ++i;
    if (spans[i].end > begin) parts->push_back(text.substr(begin, spans[i].end - begin));
  }
}

}  // namespace sotto
