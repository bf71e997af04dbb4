// What a window's decoder is shown of the text before it (whisper/transcribe.py; hotwords:
// faster_whisper/transcribe.py, get_prompt).

#ifndef SOTTO_SRC_PROMPT_HISTORY_H_
#define SOTTO_SRC_PROMPT_HISTORY_H_

#include <cstddef>
#include <vector>

#include "sotto/bundle.h"
#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "sotto/transcribe_options.h"

namespace sotto {

class PromptHistory {
 public:
  // Tokens a prompt holds at most.
  static size_t Room(const Bundle& bundle);

  // kOption where options.carry_initial_prompt leaves no room for the prompt it carries.
  static Result<PromptHistory> Create(const TranscribeOptions& options, const Bundle& bundle,
                                      const Tokenizer& tokenizer);

  // Of the next window, Room tokens at most.
  std::vector<int> Prompt() const;

  // Takes what a window gave.
  void Append(const std::vector<int>& tokens);

  // Forgets all but what goes before every window's prompt.
  void Reset();

 private:
  PromptHistory() = default;

  size_t room_ = 0;
  std::vector<int> always_;    // hotwords, then the initial prompt if it is carried
  std::vector<int> previous_;  // the text before, the last room_ tokens of it
};

// The tokens of " " and the text without white space at its ends; none for no text.
std::vector<int> EncodeContext(const Tokenizer& tokenizer, const std::string& text);

}  // namespace sotto

#endif  // SOTTO_SRC_PROMPT_HISTORY_H_
