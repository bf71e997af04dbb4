// Trying higher temperatures where a window's text fails (whisper/transcribe.py,
// decode_with_fallback).

#ifndef SOTTO_SRC_WHISPER_FALLBACK_H_
#define SOTTO_SRC_WHISPER_FALLBACK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sotto/error.h"
#include "sotto/transcribe_options.h"
#include "whisper/decode_request.h"
#include "whisper/decoder.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"

namespace sotto {

// Whether a text is too repetitive or too unsure, and not silence.
bool NeedsFallback(const DecodedWindow& decoded, const TranscribeOptions& options);

// Whether the window is silence, to be skipped.
bool IsSilence(const DecodedWindow& decoded, const TranscribeOptions& options);

// Decodes windows as the options say, at one temperature after another.
class FallbackDecoder {
 public:
  // Both must outlive it. prefix: of options.prefix, the tokens.
  FallbackDecoder(const Decoder& decoder, const TranscribeOptions& options,
                  std::vector<int> prefix);

  // What `graphs` last encoded.
  Result<DecodedWindow> Decode(const std::string& language, const std::vector<int>& prompt,
                               WhisperGraphs* graphs);

 private:
  const Decoder& decoder_;
  const TranscribeOptions& options_;
  const std::vector<int> prefix_;
  uint64_t draws_ = 0;  // decodings above temperature 0, each with a seed of its own
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_FALLBACK_H_
