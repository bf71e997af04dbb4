#include "text/json_fields.h"

#include <cstdint>
#include <limits>

#include "text/utf8.h"

namespace sotto {

Error JsonFields::error() const {
  return {ErrorCode::kBundle, "the tokenizer can't be used: " + fault_};
}

void JsonFields::Fail(const std::string& fault) {
  if (fault_.empty()) fault_ = fault;
}

const Json& JsonFields::At(const Json& object, const char* key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

bool JsonFields::Bool(const Json& object, const char* key, std::optional<bool> otherwise) {
  const Json& value = At(object, key);
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_null() || !otherwise) Fail(std::string(key) + " is neither true nor false");
  return otherwise.value_or(false);
}

std::string JsonFields::String(const Json& object, const char* key) {
  const Json& value = At(object, key);
  if (value.is_string()) return value.get<std::string>();
  Fail(std::string(key) + " is not a text");
  return "";
}

std::u32string JsonFields::Characters(const Json& object, const char* key) {
  // The parser has seen to it that each text is valid UTF-8.
  return CodePoints(String(object, key)).value_or(U"");
}

std::string JsonFields::StringOr(const Json& object, const char* key,
                                 const std::string& otherwise) {
  return Has(object, key) ? String(object, key) : otherwise;
}

int JsonFields::Integer(const Json& object, const char* key) { return AsId(At(object, key), key); }

int JsonFields::AsId(const Json& value, std::string_view what) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number <= uint64_t{std::numeric_limits<int>::max()}) return static_cast<int>(number);
  }
  Fail(std::string(what) + " is not a number from 0 on");
  return 0;
}

std::string JsonFields::Type(const Json& object) { return String(object, "type"); }

}  // namespace sotto
