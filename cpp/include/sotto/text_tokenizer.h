// Text to the token ids of an encoder of text, as its tokenizer.json says.

#ifndef SOTTO_TEXT_TOKENIZER_H_
#define SOTTO_TEXT_TOKENIZER_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// Gives the ids that Hugging Face's tokenizers package gives. Immutable once made, so one serves
// any number of threads.
class TextTokenizer {
 public:
  // json: the bytes of a tokenizer.json whose model is WordPiece (BERT, MPNet, DistilBERT) or BPE
  //   (RoBERTa, CLIP, and language models). What it says of padding and truncation is of the
  //   checkpoint's last run, and not looked at.
  // kBundle names what is damaged or not supported.
  static Result<TextTokenizer> Parse(std::string_view json);

  // The ids of `text`, special tokens included, the first `max_length` of them: what is too long
  // is cut off at the text's end. Special tokens' names in `text` become these tokens.
  // kOption if it is not valid UTF-8, or if max_length leaves no room for the special tokens.
  Result<std::vector<int>> Encode(std::string_view text, size_t max_length) const;

  // The same without special tokens around the text.
  Result<std::vector<int>> EncodePlain(std::string_view text, size_t max_length) const;

  // How many special tokens Encode puts around a text.
  size_t special() const;

 private:
  class Impl;
  explicit TextTokenizer(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_TEXT_TOKENIZER_H_
