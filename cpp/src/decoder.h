// Greedy decoding of one encoded window: openai-whisper's decode() at temperature 0 without
// timestamps (whisper/decoding.py, DecodingTask).

#ifndef SOTTO_SRC_DECODER_H_
#define SOTTO_SRC_DECODER_H_

#include <map>
#include <string>
#include <vector>

#include "logits_filter.h"
#include "sotto/bundle.h"
#include "sotto/decode_options.h"
#include "sotto/error.h"
#include "whisper_graphs.h"

namespace sotto {

struct DecodedWindow {
  std::vector<int> tokens;  // sampled, without start sequence and end of text
  std::string language;     // as given or detected; "en" for English-only models
  // Of each language; empty unless detected.
  std::map<std::string, float> language_probabilities;
  float average_log_probability = 0;  // of the sampled tokens and the end of text
  float no_speech_probability = 0;
};

class Decoder {
 public:
  explicit Decoder(const Bundle& bundle);

  // Decodes what `graphs` last encoded. `options` must be valid for the bundle.
  Result<DecodedWindow> Decode(const DecodeOptions& options, WhisperGraphs* graphs);

 private:
  Result<const float*> Step(const DecodeOptions& options, int token, WhisperGraphs* graphs);
  void DetectLanguage(const float* logits, DecodedWindow* decoded) const;
  Result<void> Sample(const DecodeOptions& options, const float* logits, WhisperGraphs* graphs,
                      DecodedWindow* decoded);

  const Bundle& bundle_;
  LogitsFilters filters_;
  std::vector<float> filtered_;  // [n_vocab]
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODER_H_
