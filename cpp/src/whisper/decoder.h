// Decoding of one encoded window: openai-whisper's DecodingTask (whisper/decoding.py), whose
// TokenDecoder classes are those of decode/token_decoder.h and decode/beam_search.h.

#ifndef SOTTO_SRC_WHISPER_DECODER_H_
#define SOTTO_SRC_WHISPER_DECODER_H_

#include <functional>
#include <map>
#include <string>

#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "whisper/decode_request.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"

namespace sotto {

class Decoder {
 public:
  // Both must outlive it.
  Decoder(const WhisperBundle& bundle, const Tokenizer& tokenizer);

  // Probability of each language in what `graphs` last encoded. kOption for an English-only model.
  // `cancelled`, which may be empty, is asked first.
  Result<std::map<std::string, float>> DetectLanguage(const std::function<bool()>& cancelled,
                                                      WhisperGraphs* graphs) const;

  // Decodes what `graphs` last encoded. kCancelled as soon as request.cancelled says so; kOption
  // for a language or a token that the model has not.
  Result<DecodedWindow> Decode(const DecodeRequest& request, WhisperGraphs* graphs) const;

 private:
  const WhisperBundle& bundle_;
  const Tokenizer& tokenizer_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_DECODER_H_
