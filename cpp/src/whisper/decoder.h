// Decoding of one encoded window: openai-whisper's DecodingTask (whisper/decoding.py).

#ifndef SOTTO_SRC_WHISPER_DECODER_H_
#define SOTTO_SRC_WHISPER_DECODER_H_

#include <functional>
#include <map>
#include <string>

#include "decode/decode_request.h"
#include "sotto/bundle.h"
#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "whisper/whisper_graphs.h"

namespace sotto {

class Decoder {
 public:
  // Both must outlive it.
  Decoder(const Bundle& bundle, const Tokenizer& tokenizer);

  // Probability of each language in what `graphs` last encoded. kOption for an English-only model.
  // `cancelled`, which may be empty, is asked first.
  Result<std::map<std::string, float>> DetectLanguage(const std::function<bool()>& cancelled,
                                                      WhisperGraphs* graphs) const;

  // Decodes what `graphs` last encoded. kCancelled as soon as request.cancelled says so; kOption
  // for a language or a token that the model has not.
  Result<DecodedWindow> Decode(const DecodeRequest& request, WhisperGraphs* graphs) const;

 private:
  const Bundle& bundle_;
  const Tokenizer& tokenizer_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_DECODER_H_
