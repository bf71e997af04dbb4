// The insides of a SpeechSession, which SpeechModel makes.

#ifndef SOTTO_SRC_SPEECH_SPEECH_SESSION_IMPL_H_
#define SOTTO_SRC_SPEECH_SPEECH_SESSION_IMPL_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/one_call.h"
#include "sotto/recognizer.h"
#include "sotto/speech_session.h"

namespace sotto {

// What sessions of every recogniser do alike: one call at a time, the end of a call from outside,
// and leaving out what holds no speech.
class SpeechSession::Impl {
 public:
  explicit Impl(std::shared_ptr<const Recognizer> recognizer)
      : recognizer_(std::move(recognizer)), session_(recognizer_->NewSession()) {}

  Result<Transcription> Transcribe(AudioSource* source, TranscribeOptions options,
                                   const TranscribeCallbacks& callbacks);
  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt, TranscribeOptions options);
  Result<std::map<std::string, float>> DetectLanguage(const float* samples, size_t count);
  void Cancel() { cancelled_ = true; }
  int64_t graph_runs() const { return session_->graph_runs(); }

 private:
  // Makes options->cancelled ask the session and the model, too.
  Result<void> Begin(const OneCall& call, TranscribeOptions* options);
  Result<Transcription> TranscribeSpeech(AudioSource* source, TranscribeOptions options,
                                         const TranscribeCallbacks& callbacks);

  const std::shared_ptr<const Recognizer> recognizer_;
  std::atomic<bool> at_work_{false};
  std::atomic<bool> cancelled_{false};
  const std::unique_ptr<RecognizerSession> session_;  // destroyed before the recogniser
};

}  // namespace sotto

#endif  // SOTTO_SRC_SPEECH_SPEECH_SESSION_IMPL_H_
