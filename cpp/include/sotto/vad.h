// Voice activity detection with a Silero VAD bundle: a probability of speech every 32 ms.

#ifndef SOTTO_VAD_H_
#define SOTTO_VAD_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/speech_spans.h"

namespace sotto {

// One loaded bundle. It holds nothing of any audio: any number of streams share it, on any number
// of threads, and none waits for another.
class VoiceActivityDetector {
 public:
  // kBundle if the bundle has no detector, with the command that makes one. `threads` of 0 is one:
  // the graph is too small for more.
  static Result<std::shared_ptr<const VoiceActivityDetector>> Create(const BundleFiles& files,
                                                                     const LoadOptions& options);
  ~VoiceActivityDetector();

  // What the graph runs on: "cpu" or "npu".
  const std::string& accelerator() const;

  // Why "auto" took the CPU, one line; empty if it did not.
  const std::string& fallback() const;

 private:
  friend class VadStream;
  struct Impl;

  explicit VoiceActivityDetector(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// What was heard of one stream of audio. Not for several threads at once.
class VadStream {
 public:
  explicit VadStream(std::shared_ptr<const VoiceActivityDetector> detector);

  // Forgets all: the next sample is the first of another stream.
  void Reset();

  // Takes n samples, mono, 16 kHz, and appends to `probabilities` one for every 512 that are
  // complete. The rest, 511 at most, is kept. kAudio, with nothing taken, if one is not finite.
  Result<void> Push(const float* samples, size_t n, std::vector<float>* probabilities);

  // Ends the stream: where samples are left, pads them with zeros and appends their probability.
  // The next Push begins another stream.
  Result<void> Flush(std::vector<float>* probabilities);

 private:
  std::shared_ptr<const VoiceActivityDetector> detector_;
  std::vector<float> heard_;  // context, then the samples of the current chunk
  std::vector<float> h_;      // the LSTM's states
  std::vector<float> c_;
};

}  // namespace sotto

#endif  // SOTTO_VAD_H_
