// Decoding of one encoded window: openai-whisper's decode() (whisper/decoding.py, DecodingTask).

#ifndef SOTTO_SRC_DECODER_H_
#define SOTTO_SRC_DECODER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sotto/bundle.h"
#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "whisper_graphs.h"

namespace sotto {

// What DecodeOptions come down to for one window at one temperature.
struct DecodeRequest {
  std::string language;  // a code of the model's; not empty for multilingual models
  std::string task = "transcribe";
  float temperature = 0;
  int sample_len = 0;  // 0: half the text context
  int samples = 1;     // drawn above temperature 0 (best_of)
  int beam_size = 0;   // at temperature 0; 0: greedy
  float patience = 1;
  std::optional<float> length_penalty;
  std::vector<int> prompt;  // text before the window; its last n_text_ctx / 2 - 1 tokens count
  std::vector<int> prefix;  // tokens the window begins with
  std::vector<int> suppress_tokens = {-1};
  bool suppress_blank = true;
  bool without_timestamps = false;
  std::optional<float> max_initial_timestamp = 1.0f;  // seconds
  uint64_t seed = 0;
  std::function<bool()> cancelled;  // asked before every step
};

struct DecodedWindow {
  std::vector<int> tokens;  // sampled, with timestamps, without start sequence and end of text
  std::vector<float> token_logprobs;  // one a token, natural logarithm
  std::string text;                   // of the text tokens, without white space at its ends
  float temperature = 0;
  float avg_logprob = 0;  // of the sampled tokens and the end of text
  float no_speech_prob = 0;
  float compression_ratio = 0;  // of the text
};

class Decoder {
 public:
  // Both must outlive it.
  Decoder(const Bundle& bundle, const Tokenizer& tokenizer);

  // Probability of each language in what `graphs` last encoded.
  Result<std::map<std::string, float>> DetectLanguage(WhisperGraphs* graphs) const;

  // Decodes what `graphs` last encoded. kCancelled as soon as request.cancelled says so.
  Result<DecodedWindow> Decode(const DecodeRequest& request, WhisperGraphs* graphs) const;

 private:
  const Bundle& bundle_;
  const Tokenizer& tokenizer_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODER_H_
