// A piece of text to tokens: the model of tokenizer.json.

#ifndef SOTTO_SRC_TEXT_SUBWORD_MODEL_H_
#define SOTTO_SRC_TEXT_SUBWORD_MODEL_H_

#include <memory>
#include <string_view>
#include <vector>

#include "text/json_fields.h"
#include "text/vocabulary.h"

namespace sotto {

class SubwordModel {
 public:
  // WordPiece or BPE; another one is named in `fields`. Null if there is a fault.
  static std::unique_ptr<const SubwordModel> Parse(const Json& json, JsonFields* fields);

  virtual ~SubwordModel() = default;

  virtual const Vocabulary& vocabulary() const = 0;

  // piece: not empty.
  virtual void Append(std::u32string_view piece, std::vector<int>* ids) const = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_SUBWORD_MODEL_H_
