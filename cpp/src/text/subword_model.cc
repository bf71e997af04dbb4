#include "text/subword_model.h"

#include <string>

#include "text/byte_pairs.h"
#include "text/word_pieces.h"

namespace sotto {

std::unique_ptr<const SubwordModel> SubwordModel::Parse(const Json& json, JsonFields* fields) {
  const std::string type = fields->Type(json);
  std::unique_ptr<const SubwordModel> model;
  if (type == "WordPiece") {
    model = WordPieces::Parse(json, fields);
  } else if (type == "BPE") {
    model = BytePairs::Parse(json, fields);
  } else {
    fields->Fail("its model is " + type + ", expected WordPiece or BPE");
  }
  return fields->failed() ? nullptr : std::move(model);
}

}  // namespace sotto
