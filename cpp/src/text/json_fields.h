// Reading tokenizer.json field by field.

#ifndef SOTTO_SRC_TEXT_JSON_FIELDS_H_
#define SOTTO_SRC_TEXT_JSON_FIELDS_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sotto/error.h"

namespace sotto {

using Json = nlohmann::json;

constexpr int kMaxSequenceDepth = 16;  // of sequences in sequences

// The first fault is kept, later reads give empty values: callers read everything and then ask
// once.
class JsonFields {
 public:
  bool failed() const { return !fault_.empty(); }
  Error error() const;  // kBundle
  void Fail(const std::string& fault);

  // Null if `object` is no object or has no such key.
  static const Json& At(const Json& object, const char* key);
  static bool Has(const Json& object, const char* key) { return !At(object, key).is_null(); }

  bool Bool(const Json& object, const char* key, std::optional<bool> otherwise = std::nullopt);
  std::string String(const Json& object, const char* key);
  std::u32string Characters(const Json& object, const char* key);
  std::string StringOr(const Json& object, const char* key, const std::string& otherwise);
  // From 0 on, an int.
  int Integer(const Json& object, const char* key);
  int AsId(const Json& value, std::string_view what);
  // What `object` says that it is, as its "type".
  std::string Type(const Json& object);

 private:
  std::string fault_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_JSON_FIELDS_H_
