#include "text/special_tokens.h"

#include <string>

namespace sotto {
namespace {

SpecialTokens ParseTemplate(const Json& json, JsonFields* fields) {
  SpecialTokens tokens;
  const Json& special = JsonFields::At(json, "special_tokens");
  int texts = 0;
  for (const Json& item : JsonFields::At(json, "single")) {
    if (JsonFields::Has(item, "Sequence")) {
      ++texts;
      if (fields->String(JsonFields::At(item, "Sequence"), "id") != "A") texts = 2;
      continue;
    }
    const std::string name = fields->String(JsonFields::At(item, "SpecialToken"), "id");
    const Json& ids = JsonFields::At(JsonFields::At(special, name.c_str()), "ids");
    if (!ids.is_array()) fields->Fail("its template has no ids of " + name);
    for (const Json& id : ids) {
      (texts == 0 ? tokens.before : tokens.after).push_back(fields->AsId(id, "id of " + name));
    }
  }
  if (texts != 1) fields->Fail("its template for a text does not hold it once");
  return tokens;
}

// [name, id]
int NamedId(const Json& json, const char* key, JsonFields* fields) {
  const Json& pair = JsonFields::At(json, key);
  const bool named = pair.is_array() && pair.size() == 2;
  if (!named) fields->Fail(std::string(key) + " is not a name and an id");
  return named ? fields->AsId(pair[1], key) : 0;
}

SpecialTokens ParseAny(const Json& json, int depth, JsonFields* fields) {
  SpecialTokens tokens;
  if (json.is_null()) return tokens;
  const std::string type = fields->Type(json);
  if (type == "TemplateProcessing") return ParseTemplate(json, fields);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    return {{NamedId(json, "cls", fields)}, {NamedId(json, "sep", fields)}};
  }
  if (type == "ByteLevel") return tokens;  // of offsets alone
  if (type != "Sequence" || depth == kMaxSequenceDepth) {
    fields->Fail("its post_processor is " + type +
                 ", expected TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or "
                 "a Sequence of them");
    return tokens;
  }
  for (const Json& each : JsonFields::At(json, "processors")) {
    const SpecialTokens around = ParseAny(each, depth + 1, fields);
    tokens.before.insert(tokens.before.begin(), around.before.begin(), around.before.end());
    tokens.after.insert(tokens.after.end(), around.after.begin(), around.after.end());
  }
  return tokens;
}

}  // namespace

SpecialTokens SpecialTokens::Parse(const Json& json, JsonFields* fields) {
  return ParseAny(json, 0, fields);
}

}  // namespace sotto
