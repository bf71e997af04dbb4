#include "text/pattern_field.h"

#include <string>
#include <utility>

namespace sotto {

std::optional<SplitPattern> ReadPattern(const Json& object, JsonFields* fields) {
  const Json& pattern = JsonFields::At(object, "pattern");
  if (JsonFields::Has(pattern, "Regex")) {
    Result<SplitPattern> parsed = SplitPattern::Parse(fields->String(pattern, "Regex"));
    if (parsed.ok()) return std::move(parsed).value();
    fields->Fail(parsed.error().message);
    return std::nullopt;
  }
  const std::u32string text = fields->Characters(pattern, "String");
  if (!text.empty()) return SplitPattern::Literal(text);
  fields->Fail("a pattern is neither a Regex nor a String");
  return std::nullopt;
}

}  // namespace sotto
