// The audio of a stream that is still held.

#ifndef SOTTO_SRC_STREAM_STREAM_BUFFER_H_
#define SOTTO_SRC_STREAM_STREAM_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sotto {

// Samples begin()..end() of a stream. Its memory is taken once.
class StreamBuffer {
 public:
  explicit StreamBuffer(size_t capacity) : capacity_(capacity) { samples_.reserve(capacity); }

  size_t size() const { return samples_.size(); }
  size_t capacity() const { return capacity_; }
  size_t room() const { return capacity_ - samples_.size(); }
  const float* data() const { return samples_.data(); }
  int64_t begin() const { return begin_; }
  int64_t end() const { return begin_ + static_cast<int64_t>(samples_.size()); }

  // At most room().
  void Append(const float* samples, size_t count) {
    samples_.insert(samples_.end(), samples, samples + count);
  }

  // Drops what is before sample `first` of the stream, at most all.
  void DropBefore(int64_t first) {
    const int64_t dropped = std::clamp<int64_t>(first - begin_, 0, end() - begin_);
    samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(dropped));
    begin_ += dropped;
  }

 private:
  const size_t capacity_;
  std::vector<float> samples_;
  int64_t begin_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_STREAM_STREAM_BUFFER_H_
