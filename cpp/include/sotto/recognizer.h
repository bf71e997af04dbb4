// What streams, the C interface and Python need of whatever turns speech into text: Whisper, and
// any other recogniser behind the same SpeechModel.

#ifndef SOTTO_RECOGNIZER_H_
#define SOTTO_RECOGNIZER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/error.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"

namespace sotto {

// Shorter audio is refused: no word fits (1,600 samples, 0.1 s).
inline constexpr size_t kMinSamples = 1600;

// Called while a transcription runs, on its thread. They may call the model, but not the session
// that is calling them.
struct TranscribeCallbacks {
  // Its code, once it was detected, before any segment; not where it was given.
  std::function<void(const std::string& language)> on_language;
  // As soon as its window is done; not for segments that were emptied.
  std::function<void(const Segment&)> on_segment;
  // Seconds of audio done, of how many.
  std::function<void(double done, double duration)> on_progress;
};

// What a recogniser is like.
struct RecognizerInfo {
  struct Window {
    int seconds = 0;
    bool words = false;  // whether words in it can have times
  };

  bool multilingual() const { return !languages.empty(); }

  std::string name;                    // "base"
  std::string bundle;                  // its name in messages
  std::string precision;               // "fp32", "int8"
  std::string accelerator = "cpu";     // or "npu": what the graphs run on
  std::string fallback;                // why "auto" took the CPU, one line; empty if it did not
  std::vector<std::string> languages;  // codes, ascending; empty: English alone
  std::vector<Window> windows;         // by ascending length, at least one
  int vocabulary = 0;                  // token ids
  int longest_text = 0;                // tokens of a window's text with what leads it
  int sample_len = 0;                  // tokens sampled a window where options don't say
};

// The buffers and caches of one call at a time. SpeechSession says what the calls do, and leaves
// two calls at once to none of them. Where options.vad_filter is set, the source is what the
// detector took for speech: of any length, none included.
class RecognizerSession {
 public:
  virtual ~RecognizerSession() = default;

  virtual Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                           const TranscribeCallbacks& callbacks) = 0;
  virtual Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                                 const std::vector<int>& prompt,
                                                 const TranscribeOptions& options) = 0;
  virtual Result<std::map<std::string, float>> DetectLanguage(
      const float* samples, size_t count, const std::function<bool()>& cancelled) = 0;

  // Graphs run so far, of any kind. From any thread.
  virtual int64_t graph_runs() const = 0;
};

// A bundle that was loaded: weights and tables, for any number of threads.
class Recognizer {
 public:
  virtual ~Recognizer() = default;

  const RecognizerInfo& info() const { return info_; }

  // kOption, naming the option, its value and what it may be for this recogniser.
  virtual Result<void> Validate(const TranscribeOptions& options) const = 0;

  // It must not outlive the recogniser.
  virtual std::unique_ptr<RecognizerSession> NewSession() const = 0;

  // Calls at work are to end, and none is to begin: SpeechSession sees to both.
  void Close() const {
    closed_ = true;
    Release();
  }
  bool closed() const { return closed_; }

 protected:
  explicit Recognizer(RecognizerInfo info) : info_(std::move(info)) {}

  // Frees what is kept for calls to come.
  virtual void Release() const = 0;

 private:
  const RecognizerInfo info_;
  mutable std::atomic<bool> closed_{false};
};

}  // namespace sotto

#endif  // SOTTO_RECOGNIZER_H_
