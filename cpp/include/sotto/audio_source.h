// Where samples come from: mono float32 at 16 kHz, nominally -1..1.

#ifndef SOTTO_AUDIO_SOURCE_H_
#define SOTTO_AUDIO_SOURCE_H_

#include <cstddef>

#include "sotto/error.h"

namespace sotto {

// Read from the beginning, more than once: the log-mel spectrogram's dynamic range is set by the
// loudest value of the whole audio, so a first pass finds that and a second transcribes, and
// memory does not grow with the audio.
class AudioSource {
 public:
  virtual ~AudioSource() = default;

  // Writes `max_samples` samples at most to `out` and returns how many; 0 at the end.
  virtual Result<size_t> Read(float* out, size_t max_samples) = 0;

  // Starts again from the first sample.
  virtual Result<void> Rewind() = 0;
};

// Samples in memory, which must outlive it.
class ArraySource : public AudioSource {
 public:
  ArraySource(const float* samples, size_t count) : samples_(samples), count_(count) {}

  Result<size_t> Read(float* out, size_t max_samples) override;
  Result<void> Rewind() override;

 private:
  const float* samples_;
  size_t count_;
  size_t next_ = 0;
};

// Reads until `count` samples are there or the source ends; returns how many.
Result<size_t> ReadFully(AudioSource* source, float* out, size_t count);

}  // namespace sotto

#endif  // SOTTO_AUDIO_SOURCE_H_
