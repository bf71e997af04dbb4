// RIFF/WAVE files for the native command line, read in pieces. (Python decodes and resamples
// everything else.)

#ifndef SOTTO_WAV_H_
#define SOTTO_WAV_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// PCM of 8, 16, 24 or 32 bits or float of 32 or 64, any number of channels (averaged), at
// kSampleRate. A file that was cut short, or streamed with a made-up size, ends where it ends.
// The work of one thread.
class WavReader {
 public:
  // kAudio, naming the file, if it can't be read, is not such a file or holds no samples; for
  // another sample rate the message says how to convert it.
  static Result<WavReader> Open(const std::string& path);

  int64_t frames() const { return frames_; }      // of all channels: mono samples in the file
  int64_t position() const { return position_; }  // mono samples read so far

  // Writes the next mono samples, nominally -1..1, to out [max_samples] and returns how many:
  // fewer than max_samples only at the end, then 0. kAudio at a sample that is not finite,
  // or if the file can't be read on: then the reader is of no more use.
  Result<size_t> Read(float* out, size_t max_samples);

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // Interleaved samples [frames, channels] as the file has them -> mono [frames].
  using Decode = void (*)(const uint8_t* in, size_t frames, size_t channels, float* out);

  WavReader() = default;

  std::string path_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  Decode decode_ = nullptr;
  size_t channels_ = 0;
  size_t frame_size_ = 0;  // bytes
  int64_t frames_ = 0;
  int64_t position_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace sotto

#endif  // SOTTO_WAV_H_
