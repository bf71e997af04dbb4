// Tokens that are found in a text before anything else is done to it: added_tokens of
// tokenizer.json, such as [MASK].

#ifndef SOTTO_SRC_TEXT_ADDED_TOKENS_H_
#define SOTTO_SRC_TEXT_ADDED_TOKENS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sotto/error.h"
#include "text/json_fields.h"
#include "text/text_normalizer.h"
#include "text/vocabulary.h"

namespace sotto {

class AddedTokens {
 public:
  struct Part {
    std::u32string_view text;
    std::optional<int> id;  // of a token; nothing: the text is still to be cut
  };

  // normalized: those that are looked for in a text once `normalizer` has been over it, and over
  // them; otherwise those that are looked for before.
  static AddedTokens Parse(const Json& json, bool normalized, const Vocabulary& vocabulary,
                           const TextNormalizer& normalizer, JsonFields* fields);

  // `text` in parts, none empty. The longest token at the first place where there is one is taken.
  std::vector<Part> Find(std::u32string_view text) const;

 private:
  struct Token {
    std::u32string content;
    int id;
    bool single_word;  // not where a word goes on
    bool lstrip;       // takes the white space before it, too
    bool rstrip;
  };

  const Token* At(std::u32string_view text) const;

  std::unordered_map<char32_t, std::vector<Token>>
      tokens_;  // by first character, the longest first
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_ADDED_TOKENS_H_
