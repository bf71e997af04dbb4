// What one window is asked for and gives: openai-whisper's DecodingOptions and DecodingResult
// (whisper/decoding.py).

#ifndef SOTTO_SRC_WHISPER_DECODE_REQUEST_H_
#define SOTTO_SRC_WHISPER_DECODE_REQUEST_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "decode/token_decoder.h"

namespace sotto {

// What DecodeOptions come down to for one window at one temperature. Numbers that rules round
// (patience, max_initial_timestamp) are doubles, as in Python: half a step goes to the even one.
struct DecodeRequest : SearchOptions {
  std::string language;  // a code of the model's; not empty for multilingual models
  std::string task = "transcribe";
  int sample_len = 0;  // 0: half the text context
  std::optional<double> length_penalty;
  std::vector<int> prompt;  // text before the window; its last n_text_ctx / 2 - 1 tokens count
  std::vector<int> prefix;  // tokens the window begins with
  // -1 stands for the bundle's list. With it or others, control tokens are suppressed, too; an
  // empty list suppresses nothing at all.
  std::vector<int> suppress_tokens = {-1};
  bool suppress_blank = true;
  bool without_timestamps = false;
  std::optional<double> max_initial_timestamp = 1.0;  // seconds; unset or 0: no limit
  std::function<bool()> cancelled;                    // asked before every step
};

struct DecodedWindow {
  std::vector<int> tokens;  // sampled, with timestamps, without start sequence and end of text
  std::vector<float> token_logprobs;  // one a token, natural logarithm
  std::string text;                   // of the text tokens, without white space at its ends
  double temperature = 0;
  float avg_logprob = 0;  // of the sampled tokens and the end of text
  float no_speech_prob = 0;
  float compression_ratio = 0;  // of the text
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_DECODE_REQUEST_H_
