// The insides of a SpeechSession, which SpeechModel makes.

#ifndef SOTTO_SRC_WHISPER_SPEECH_SESSION_IMPL_H_
#define SOTTO_SRC_WHISPER_SPEECH_SESSION_IMPL_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/one_call.h"
#include "sotto/speech_session.h"
#include "whisper/decoder.h"
#include "whisper/loaded_windows.h"
#include "whisper/prompt_history.h"
#include "whisper/speech_weights.h"

namespace sotto {

class SpeechSession::Impl {
 public:
  explicit Impl(std::shared_ptr<const SpeechWeights> weights);

  Result<Transcription> Transcribe(AudioSource* source, TranscribeOptions options,
                                   const TranscribeCallbacks& callbacks);
  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt, TranscribeOptions options);
  Result<std::map<std::string, float>> DetectLanguage(const float* samples, size_t count);
  void Cancel() { cancelled_ = true; }
  int64_t graph_runs() const { return windows_.graph_runs(); }

 private:
  // Makes options->cancelled ask the session and the model, too.
  Result<void> Begin(const OneCall& call, TranscribeOptions* options);
  Result<Transcription> TranscribeSpeech(AudioSource* source, TranscribeOptions options,
                                         const TranscribeCallbacks& callbacks,
                                         PromptHistory history);
  Result<Transcription> TranscribeAll(AudioSource* source, const TranscribeOptions& options,
                                      const TranscribeCallbacks& callbacks, PromptHistory history,
                                      size_t least_samples);

  const std::shared_ptr<const SpeechWeights> weights_;
  std::atomic<bool> at_work_{false};
  std::atomic<bool> cancelled_{false};
  const Decoder decoder_;
  LoadedWindows windows_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SPEECH_SESSION_IMPL_H_
