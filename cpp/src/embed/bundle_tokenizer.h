// Texts to the token ids that a bundle's encoder of text takes.

#ifndef SOTTO_SRC_EMBED_BUNDLE_TOKENIZER_H_
#define SOTTO_SRC_EMBED_BUNDLE_TOKENIZER_H_

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embed/embedding_bundle.h"
#include "sotto/error.h"
#include "sotto/text_tokenizer.h"

namespace sotto {

// The tokenizer is read when it is first asked for: who brings token ids does not need it. For any
// number of threads.
class BundleTokenizer {
 public:
  // `text` must outlive it.
  explicit BundleTokenizer(const TextEncoderSpec& text) : text_(text) {}

  // kBundle, naming the file, if it is damaged or not supported.
  Result<TextTokenizer> Get() const;

  // The ids of each text with the prompt before it; `prompt` as EmbeddingModel::EncodeTexts takes
  // it. kOption names the text or the prompt that is refused.
  Result<std::vector<std::vector<int>>> Tokenize(const std::vector<std::string>& texts,
                                                 std::optional<std::string_view> prompt) const;

 private:
  Result<std::string> PromptOf(std::optional<std::string_view> name) const;

  const TextEncoderSpec& text_;
  mutable std::once_flag read_;
  mutable std::optional<Result<TextTokenizer>> tokenizer_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_BUNDLE_TOKENIZER_H_
