#include "audio/log_mel_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "base/stopwatch.h"

namespace sotto {
namespace {

// Samples that neighbouring blocks share.
constexpr size_t kOverlap = kFftSize - kHopLength;
constexpr size_t kBlockSpan = MelPowerStream::kBlock * kHopLength + kOverlap;

}  // namespace

MelPowerStream::MelPowerStream(const LogMel& log_mel, AudioSource* source)
    : log_mel_(log_mel), source_(source), span_(kBlockSpan) {}

Result<void> MelPowerStream::Restart() {
  SOTTO_RETURN_IF_ERROR(source_->Rewind());
  filled_ = kReflected;  // room for the mirror image of the first samples
  samples_ = 0;
  frames_ = 0;
  ended_ = false;
  return {};
}

Result<void> MelPowerStream::Fill() {
  const bool first = samples_ == 0 && !ended_;
  if (!ended_) {
    SOTTO_ASSIGN_OR_RETURN(const size_t read,
                           ReadFully(source_, span_.data() + filled_, kBlockSpan - filled_));
    SOTTO_RETURN_IF_ERROR(
        LogMel::CheckFinite(span_.data() + filled_, read, static_cast<size_t>(samples_)));
    ended_ = read < kBlockSpan - filled_;
    samples_ += static_cast<int64_t>(read);
    filled_ += read;
  }
  std::fill(span_.begin() + static_cast<std::ptrdiff_t>(filled_), span_.end(), 0.0f);
  if (first) {
    for (size_t i = 0; i < kReflected; ++i) span_[i] = span_[2 * kReflected - i];
  }
  return {};
}

Result<size_t> MelPowerStream::Next(float* out) {
  SOTTO_RETURN_IF_ERROR(Fill());
  size_t frames = kBlock;
  if (ended_) {
    const int64_t last = samples_ == 0 ? 0
                                       : (samples_ - 1 + static_cast<int64_t>(kReflected)) /
                                                 static_cast<int64_t>(kHopLength) +
                                             1;
    frames =
        static_cast<size_t>(std::clamp(last - frames_, int64_t{0}, static_cast<int64_t>(kBlock)));
  }
  if (frames == 0) return frames;
  const Stopwatch watch;
  SOTTO_RETURN_IF_ERROR(log_mel_.Power(span_.data(), frames, kBlock, out));
  milliseconds_ += watch.Milliseconds();
  std::copy(span_.end() - kOverlap, span_.end(), span_.begin());
  filled_ = kOverlap;
  frames_ += static_cast<int64_t>(frames);
  return frames;
}

LogMelReader::LogMelReader(const LogMel& log_mel, AudioSource* source,
                           std::function<bool()> cancelled)
    : log_mel_(log_mel),
      stream_(log_mel, source),
      cancelled_(std::move(cancelled)),
      block_(log_mel.n_mels() * MelPowerStream::kBlock),
      power_(log_mel.n_mels()) {}

Result<void> LogMelReader::Measure() {
  SOTTO_RETURN_IF_ERROR(stream_.Restart());
  peak_ = kMinPower;
  for (;;) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled_));
    SOTTO_ASSIGN_OR_RETURN(const size_t frames, stream_.Next(block_.data()));
    if (frames == 0) break;
    for (size_t m = 0; m < log_mel_.n_mels(); ++m) {
      peak_ = std::max(peak_, LogMel::Peak(block_.data() + m * MelPowerStream::kBlock, frames));
    }
  }
  samples_ = stream_.samples();
  return {};
}

Result<void> LogMelReader::CheckSame() const {
  const bool same = stream_.ended() ? stream_.samples() == samples_ : stream_.samples() <= samples_;
  if (same) return {};
  return Error{ErrorCode::kAudio, "the audio was " + std::to_string(samples_) +
                                      " samples long when it was first read, and " +
                                      std::to_string(stream_.samples()) +
                                      (stream_.ended() ? "" : " or more") +
                                      " when it was read again"};
}

void LogMelReader::DropUntil(int64_t first) {
  const auto kept = static_cast<int64_t>(power_[0].size());
  const std::ptrdiff_t dropped = std::clamp(first - first_, int64_t{0}, kept);
  for (auto& row : power_) row.erase(row.begin(), row.begin() + dropped);
  first_ += dropped;
}

// Keeps the frames first..end-1, as far as the audio goes.
Result<void> LogMelReader::ReadUntil(int64_t first, int64_t end) {
  DropUntil(first);
  while (first_ + static_cast<int64_t>(power_[0].size()) < end) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled_));
    SOTTO_ASSIGN_OR_RETURN(const size_t frames, stream_.Next(block_.data()));
    SOTTO_RETURN_IF_ERROR(CheckSame());
    if (frames == 0) break;
    for (size_t m = 0; m < power_.size(); ++m) {
      const float* row = block_.data() + m * MelPowerStream::kBlock;
      power_[m].insert(power_[m].end(), row, row + frames);
    }
    DropUntil(first);
  }
  return {};
}

Result<void> LogMelReader::Read(int64_t first, size_t count, size_t width, float* out) {
  if (!reading_) {
    SOTTO_RETURN_IF_ERROR(stream_.Restart());
    reading_ = true;
  }
  SOTTO_RETURN_IF_ERROR(ReadUntil(first, first + static_cast<int64_t>(count)));
  const Stopwatch watch;
  // Past the audio nothing is kept: first_ is its end, or `first`.
  const size_t heard = first_ == first ? std::min(count, power_[0].size()) : 0;
  float silence = kMinPower;
  LogMel::Normalize(peak_, 1, &silence);
  for (size_t m = 0; m < power_.size(); ++m) {
    float* row = out + m * width;
    std::copy_n(power_[m].begin(), heard, row);
    LogMel::Normalize(peak_, heard, row);
    std::fill(row + heard, row + count, silence);
    std::fill(row + count, row + width, 0.0f);
  }
  milliseconds_ += watch.Milliseconds();
  return {};
}

}  // namespace sotto
