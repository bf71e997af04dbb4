#include "sotto/audio_source.h"

#include <algorithm>

namespace sotto {

Result<size_t> ArraySource::Read(float* out, size_t max_samples) {
  const size_t count = std::min(max_samples, count_ - next_);
  std::copy_n(samples_ + next_, count, out);
  next_ += count;
  return count;
}

Result<void> ArraySource::Rewind() {
  next_ = 0;
  return {};
}

Result<size_t> ReadFully(AudioSource* source, float* out, size_t count) {
  size_t filled = 0;
  while (filled < count) {
    SOTTO_ASSIGN_OR_RETURN(const size_t read, source->Read(out + filled, count - filled));
    if (read == 0) break;
    filled += read;
  }
  return filled;
}

}  // namespace sotto
