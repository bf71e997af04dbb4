// What a window's decoder is shown of the text before it (whisper/transcribe.py; hotwords:
// faster_whisper/transcribe.py, get_prompt).

#ifndef SOTTO_SRC_WHISPER_PROMPT_HISTORY_H_
#define SOTTO_SRC_WHISPER_PROMPT_HISTORY_H_

#include <cstddef>
#include <vector>

#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "sotto/transcribe_options.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

class PromptHistory {
 public:
  // Tokens a prompt holds at most.
  static size_t Room(const WhisperBundle& bundle);

  // kOption if a prompt that is carried does not fit, or the prefix is longer than half the text
  // context.
  static Result<PromptHistory> Create(const TranscribeOptions& options, const WhisperBundle& bundle,
                                      const Tokenizer& tokenizer);

  // Of the next window, Room tokens at most.
  std::vector<int> Prompt() const;

  // What each window's text begins with.
  const std::vector<int>& prefix() const { return prefix_; }

  // Takes what a window gave.
  void Append(const std::vector<int>& tokens);

  // Forgets all but what goes before every window's prompt.
  void Reset();

 private:
  PromptHistory() = default;

  size_t room_ = 0;
  std::vector<int> prefix_;
  std::vector<int> always_;    // hotwords, then the initial prompt if it is carried
  std::vector<int> previous_;  // the text before, the last room_ tokens of it
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_PROMPT_HISTORY_H_
