#include "embed/bundle_tokenizer.h"

#include <utility>

namespace sotto {

Result<TextTokenizer> BundleTokenizer::Get() const {
  std::call_once(read_, [this] {
    tokenizer_ = TextTokenizer::Parse(text_.tokenizer->text());
    if (tokenizer_->ok()) return;
    Error error = tokenizer_->error();
    error.message = text_.tokenizer->label() + ": " + error.message;
    tokenizer_ = std::move(error);
  });
  return *tokenizer_;
}

Result<std::string> BundleTokenizer::PromptOf(std::optional<std::string_view> name) const {
  const std::string use(name ? *name : text_.default_prompt.value_or(""));
  if (use.empty()) return std::string();
  const auto found = text_.prompts.find(use);
  if (found != text_.prompts.end()) return found->second;
  std::string known;
  for (const auto& [each, prompt] : text_.prompts) known += (known.empty() ? "" : ", ") + each;
  return Error{ErrorCode::kOption, "prompt " + use + " is not one of the model's: " +
                                       (known.empty() ? "it has none" : known)};
}

Result<std::vector<std::vector<int>>> BundleTokenizer::Tokenize(
    const std::vector<std::string>& texts, std::optional<std::string_view> prompt) const {
  SOTTO_ASSIGN_OR_RETURN(const TextTokenizer tokenizer, Get());
  SOTTO_ASSIGN_OR_RETURN(const std::string before, PromptOf(prompt));
  std::vector<std::vector<int>> ids;
  ids.reserve(texts.size());
  for (const std::string& text : texts) {
    Result<std::vector<int>> encoded = tokenizer.Encode(before + text, text_.max_length);
    if (!encoded.ok()) {
      return Error{encoded.error().code,
                   "text " + std::to_string(ids.size()) + ": " + encoded.error().message};
    }
    if (text_.padded) encoded->resize(text_.max_length, text_.pad_token);
    ids.push_back(std::move(encoded).value());
  }
  return ids;
}

}  // namespace sotto
