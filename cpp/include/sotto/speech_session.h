// One transcription at a time over a SpeechModel's weights.

#ifndef SOTTO_SPEECH_SESSION_H_
#define SOTTO_SPEECH_SESSION_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/error.h"
#include "sotto/recognizer.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"

namespace sotto {

// The buffers, caches and graphs of one call at a time; the weights are the model's, which the
// session keeps alive. Graphs are loaded when a window is first used. No call waits for another:
// one that comes while the session is at work, from a callback or another thread, is kOption.
class SpeechSession {
 public:
  ~SpeechSession();

  // Any length of audio, by openai-whisper's seek loop; memory does not grow with the audio but
  // by the result's text.
  Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                   const TranscribeCallbacks& callbacks = {});

  // One window, decoded once at temperature 0, with the time of each word; what Stream is made of.
  //
  // samples: [count], kSampleRate, at most what the longest window holds. prompt: tokens of the
  //   text before; empty: options.initial_prompt. Of `options`, which must be valid, counts how a
  //   window is decoded, and the thresholds by which it is silence, which has no segments, or too
  //   repetitive: then it is tried again with timestamps, and if that does not help the segments
  //   have no words.
  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt,
                                         const TranscribeOptions& options);

  // The probability of each language, by its code, at the beginning of the audio: as much of it as
  // the longest window holds. {"en", 1} of a model that knows English alone.
  //
  // samples: [count], kSampleRate, kMinSamples or more.
  Result<std::map<std::string, float>> DetectLanguage(const float* samples, size_t count);

  // From any thread: the call that is at work, if there is one, ends with kCancelled once the
  // graph that runs is done.
  void Cancel();

  // Graphs run so far, of any kind. From any thread.
  int64_t graph_runs() const;

 private:
  friend class SpeechModel;
  class Impl;
  explicit SpeechSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_SPEECH_SESSION_H_
