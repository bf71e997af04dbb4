// One transcription at a time by a Whisper.

#ifndef SOTTO_SRC_WHISPER_WHISPER_SESSION_H_
#define SOTTO_SRC_WHISPER_WHISPER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sotto/recognizer.h"
#include "whisper/decoder.h"
#include "whisper/loaded_windows.h"
#include "whisper/speech_weights.h"

namespace sotto {

class WhisperSession : public RecognizerSession {
 public:
  // `weights` must outlive it.
  explicit WhisperSession(const SpeechWeights& weights)
      : weights_(weights),
        decoder_(weights.bundle, weights.tables->tokenizer),
        windows_(weights.runtime, weights.threads, weights.encoders, weights.bundle,
                 weights.tables->decoder) {}

  Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                   const TranscribeCallbacks& callbacks) override;
  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt,
                                         const TranscribeOptions& options) override;
  Result<std::map<std::string, float>> DetectLanguage(
      const float* samples, size_t count, const std::function<bool()>& cancelled) override;
  int64_t graph_runs() const override { return windows_.graph_runs(); }

 private:
  const SpeechWeights& weights_;
  const Decoder decoder_;
  LoadedWindows windows_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_SESSION_H_
