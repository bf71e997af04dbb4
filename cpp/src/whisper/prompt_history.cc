#include "whisper/prompt_history.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sotto {
namespace {

void KeepLast(size_t count, std::vector<int>* tokens) {
  if (tokens->size() <= count) return;
  tokens->erase(tokens->begin(), tokens->end() - static_cast<std::ptrdiff_t>(count));
}

// The tokens of " " and the text without white space at its ends; none for no text.
std::vector<int> EncodeContext(const Tokenizer& tokenizer, const std::string& text) {
  if (text.empty()) return {};
  return tokenizer.Encode(" " + std::string(TrimWhitespace(text)));
}

Error TooLong(const char* option, size_t tokens, size_t max, const std::string& what_to_do) {
  return Error{ErrorCode::kOption, std::string(option) + " has " + std::to_string(tokens) +
                                       " tokens: expected 0 to " + std::to_string(max) + "; " +
                                       what_to_do};
}

}  // namespace

size_t PromptHistory::Room(const WhisperBundle& bundle) {
  return static_cast<size_t>(std::max(0, bundle.decoder.context / 2 - 1));
}

Result<PromptHistory> PromptHistory::Create(const TranscribeOptions& options,
                                            const WhisperBundle& bundle,
                                            const Tokenizer& tokenizer) {
  PromptHistory history;
  history.room_ = Room(bundle);
  history.prefix_ = EncodeContext(tokenizer, options.prefix);
  if (history.prefix_.size() > history.room_) {
    return TooLong("prefix", history.prefix_.size(), history.room_, "shorten it");
  }
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
    return TooLong("initial_prompt", initial.size(), left,
                   std::string("with carry_initial_prompt it must fit into every prompt") +
                       (left < history.room_ ? " beside the hotwords" : "") +
                       ": shorten it, or don't carry it");
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
