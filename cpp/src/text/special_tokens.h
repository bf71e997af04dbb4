// The tokens that stand around every text: the post_processor of tokenizer.json.

#ifndef SOTTO_SRC_TEXT_SPECIAL_TOKENS_H_
#define SOTTO_SRC_TEXT_SPECIAL_TOKENS_H_

#include <vector>

#include "text/json_fields.h"

namespace sotto {

struct SpecialTokens {
  // json: null for none. TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel (which
  // adds none) and Sequence; another one is named in `fields`.
  static SpecialTokens Parse(const Json& json, JsonFields* fields);

  std::vector<int> before;
  std::vector<int> after;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_SPECIAL_TOKENS_H_
