// Speech to text with one bundle: the runtime's main entry.

#ifndef SOTTO_TRANSCRIBER_H_
#define SOTTO_TRANSCRIBER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/bundle.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"
#include "sotto/vad.h"

namespace sotto {

// Shorter audio is refused: no word fits (1,600 samples, 0.1 s).
inline constexpr size_t kLeastSamples = 1600;

// Called while a transcription runs, on its thread. They must not call the same Transcriber.
struct TranscribeCallbacks {
  // Its code, once it was detected, before any segment; not where it was given.
  std::function<void(const std::string& language)> on_language;
  // As soon as its window is done; not for segments that were emptied.
  std::function<void(const Segment&)> on_segment;
  // Seconds of audio done, of how many.
  std::function<void(double done, double duration)> on_progress;
};

// Holds one bundle and what is loaded of it. Safe to share: calls take turns. Each has a pool of
// LoadOptions::threads of its own, and several at once as many pools: give each its share.
class Transcriber {
 public:
  // Opens the bundle and the runtime; graphs are loaded when a window is first used.
  static Result<std::unique_ptr<Transcriber>> Create(const std::string& directory,
                                                     const LoadOptions& options);

  ~Transcriber();

  // With the windows that can be used: on the NPU those that were compiled for it.
  const Bundle& bundle() const;

  // What the graphs run on: "cpu" or "npu". Words are timed on the CPU, too, where alignment was
  // not compiled for the NPU.
  const std::string& accelerator() const;

  // Why "auto" took the CPU, one line; empty if it did not.
  const std::string& fallback() const;

  // What TranscribeOptions::vad_filter asks; null: none.
  void SetVad(std::shared_ptr<VoiceActivityDetector> vad);

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

 private:
  class Impl;
  explicit Transcriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_TRANSCRIBER_H_
