// From tokens to words (whisper/tokenizer.py, split_to_word_tokens).

#ifndef SOTTO_SRC_WHISPER_WORD_SPLIT_H_
#define SOTTO_SRC_WHISPER_WORD_SPLIT_H_

#include <string>
#include <vector>

#include "sotto/tokenizer.h"

namespace sotto {

struct TokenWord {
  std::string word;  // with its leading space
  std::vector<int> tokens;
};

// text: tokens below tokenizer.n_text(). The end of text follows them as a word of its own,
// unless the text ends within a character. Languages that put no spaces between words are
// split at every character.
std::vector<TokenWord> SplitToWords(const Tokenizer& tokenizer, const std::vector<int>& text,
                                    const std::string& language);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WORD_SPLIT_H_
