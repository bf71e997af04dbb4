// A Whisper behind the interface of every recogniser.

#ifndef SOTTO_SRC_WHISPER_WHISPER_RECOGNIZER_H_
#define SOTTO_SRC_WHISPER_WHISPER_RECOGNIZER_H_

#include <memory>

#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/recognizer.h"
#include "whisper/speech_weights.h"

namespace sotto {

class WhisperRecognizer : public Recognizer {
 public:
  // Errors as SpeechWeights::Open.
  static Result<std::shared_ptr<const Recognizer>> Open(const BundleFiles& files,
                                                        const LoadOptions& options);

  Result<void> Validate(const TranscribeOptions& options) const override;
  std::unique_ptr<RecognizerSession> NewSession() const override;

 private:
  explicit WhisperRecognizer(std::shared_ptr<const SpeechWeights> weights);
  void Release() const override { weights_->encoders.Close(); }

  const std::shared_ptr<const SpeechWeights> weights_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_RECOGNIZER_H_
