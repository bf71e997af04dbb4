// What is done to a text before it is cut: the normalizer of tokenizer.json.

#ifndef SOTTO_SRC_TEXT_TEXT_NORMALIZER_H_
#define SOTTO_SRC_TEXT_TEXT_NORMALIZER_H_

#include <string>
#include <vector>

#include "sotto/error.h"
#include "text/json_fields.h"
#include "text/text_step.h"

namespace sotto {

class TextNormalizer {
 public:
  // json: null for none. BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip,
  // Replace, Prepend and Sequence; another one is named in `fields`.
  static TextNormalizer Parse(const Json& json, JsonFields* fields);

  Result<void> Apply(std::u32string* text) const;

 private:
  using Step = TextStep<std::u32string>;

  void Add(const Json& json, int depth, JsonFields* fields);

  std::vector<Step> steps_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_TEXT_NORMALIZER_H_
