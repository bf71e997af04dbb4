// Where a text is cut before its pieces become tokens: the pre_tokenizer of tokenizer.json.

#ifndef SOTTO_SRC_TEXT_PRE_TOKENIZER_H_
#define SOTTO_SRC_TEXT_PRE_TOKENIZER_H_

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/error.h"
#include "text/json_fields.h"
#include "text/text_step.h"

namespace sotto {

// Parts of a text, none empty. Those that a step has changed are kept in `changed`.
struct TextParts {
  std::vector<std::u32string_view> parts;
  std::deque<std::u32string> changed;
};

class PreTokenizer {
 public:
  // json: null for none. BertPreTokenizer, ByteLevel, Split, Whitespace, WhitespaceSplit,
  // Punctuation, Digits and Sequence; another one is named in `fields`.
  static PreTokenizer Parse(const Json& json, JsonFields* fields);

  Result<void> Apply(TextParts* text) const;

 private:
  using Step = TextStep<TextParts>;

  void Add(const Json& json, int depth, JsonFields* fields);

  std::vector<Step> steps_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_PRE_TOKENIZER_H_
