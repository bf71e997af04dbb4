#include "prompt_history.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sotto {
namespace {

void KeepLast(size_t count, std::vector<int>* tokens) {
  if (tokens->size() <= count) return;
  tokens->erase(tokens->begin(), tokens->end() - static_cast<std::ptrdiff_t>(count));
}

}  // namespace

std::vector<int> EncodeContext(const Tokenizer& tokenizer, const std::string& text) {
  if (text.empty()) return {};
  return tokenizer.Encode(" " + std::string(TrimWhitespace(text)));
}

size_t PromptHistory::Room(const Bundle& bundle) {
  return static_cast<size_t>(std::max(0, bundle.dims.n_text_ctx / 2 - 1));
}

Result<PromptHistory> PromptHistory::Create(const TranscribeOptions& options, const Bundle& bundle,
                                            const Tokenizer& tokenizer) {
  PromptHistory history;
  history.room_ = Room(bundle);
  // A prefix takes the hotwords' place.
  if (options.prefix.empty()) history.always_ = EncodeContext(tokenizer, options.hotwords);
  if (history.always_.size() > history.room_) history.always_.resize(history.room_);

  std::vector<int> initial = EncodeContext(tokenizer, options.initial_prompt);
  if (!options.carry_initial_prompt) {
    history.Append(initial);
    return history;
  }
  const size_t left = history.room_ - history.always_.size();
  if (initial.size() > left) {
    return Error{ErrorCode::kOption,
                 "initial_prompt has " + std::to_string(initial.size()) +
                     " tokens: with carry_initial_prompt expected 0 to " + std::to_string(left) +
                     (left < history.room_ ? ", as hotwords take the rest" : "") +
                     "; shorten it, or turn carry_initial_prompt off"};
  }
  history.always_.insert(history.always_.end(), initial.begin(), initial.end());
  return history;
}

std::vector<int> PromptHistory::Prompt() const {
  std::vector<int> last = previous_;
  KeepLast(room_ - always_.size(), &last);
  std::vector<int> prompt = always_;
  prompt.insert(prompt.end(), last.begin(), last.end());
  return prompt;
}

void PromptHistory::Append(const std::vector<int>& tokens) {
  previous_.insert(previous_.end(), tokens.begin(), tokens.end());
  KeepLast(room_, &previous_);
}

void PromptHistory::Reset() { previous_.clear(); }

}  // namespace sotto
