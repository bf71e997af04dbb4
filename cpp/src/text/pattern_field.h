// The pattern of a Split or Replace in tokenizer.json.

#ifndef SOTTO_SRC_TEXT_PATTERN_FIELD_H_
#define SOTTO_SRC_TEXT_PATTERN_FIELD_H_

#include <optional>

#include "text/json_fields.h"
#include "text/split_pattern.h"

namespace sotto {

// object: has {"pattern": {"Regex": ..}} or {"pattern": {"String": ..}}. Nothing, and a fault, if
// it is neither or not supported.
std::optional<SplitPattern> ReadPattern(const Json& object, JsonFields* fields);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_PATTERN_FIELD_H_
