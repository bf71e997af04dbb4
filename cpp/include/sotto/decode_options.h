// How a window's text is decoded.

#ifndef SOTTO_DECODE_OPTIONS_H_
#define SOTTO_DECODE_OPTIONS_H_

#include <functional>
#include <string>

#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

struct DecodeOptions {
  std::string language;             // a code of the model's such as "en"; empty: detect it
  std::string task = "transcribe";  // or "translate": into English
  int max_tokens = 0;               // sampled a window at most; 0: half the text context
  std::function<bool()> cancelled;  // asked before every step; empty: never

  // kOption, naming the option, its value and what it may be for this model.
  Result<void> Validate(const Bundle& bundle) const;
};

}  // namespace sotto

#endif  // SOTTO_DECODE_OPTIONS_H_
