// The whole recording's log-mel is compared with openai-whisper's in test/runtime/test_longform.py.

#include "audio/log_mel_reader.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "noise.h"

namespace sotto {
namespace {

constexpr size_t kReaderMels = 2;

LogMel ReaderMel() {
  std::vector<float> filters(kReaderMels * kFftBins, 0.0f);
  std::fill_n(filters.begin() + 5, 60, 0.1f);
  std::fill_n(filters.begin() + kFftBins + 60, 100, 0.05f);
  Result<LogMel> mel = LogMel::Create(filters.data(), kReaderMels);
  REQUIRE(mel.ok());
  return std::move(mel).value();
}

// Gives at most 100 samples at a time, and from the second pass on other_count of them.
class ChoppySource : public AudioSource {
 public:
  ChoppySource(std::vector<float> samples, size_t other_count)
      : samples_(std::move(samples)), other_count_(other_count) {}

  Result<size_t> Read(float* out, size_t max_samples) override {
    const size_t end = passes_ > 1 ? other_count_ : samples_.size();
    const size_t n = std::min({max_samples, size_t{100}, end - next_});
    std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(next_), n, out);
    next_ += n;
    return n;
  }
  Result<void> Rewind() override {
    next_ = 0;
    ++passes_;
    return {};
  }

 private:
  std::vector<float> samples_;
  size_t other_count_;
  size_t next_ = 0;
  int passes_ = 0;
};

// What all of it gives at once, with 3000 frames of silence after it: [kReaderMels, frames].
std::vector<float> Whole(const LogMel& mel, const std::vector<float>& samples, size_t* frames) {
  *frames = samples.size() / kHopLength + 3000;
  std::vector<float> out(kReaderMels * *frames);
  REQUIRE(mel.Compute(samples.data(), samples.size(), *frames, out.data()).ok());
  return out;
}

TEST_CASE("windows of a recording are slices of its whole spectrogram") {
  const LogMel mel = ReaderMel();
  for (const size_t n : {0, 1, 150, 201, 1600, 40960, 41200, 41201, 100000}) {
    CAPTURE(n);
    const std::vector<float> samples = Noise(n, 7);
    size_t frames = 0;
    const std::vector<float> whole = Whole(mel, samples, &frames);
    ChoppySource source(samples, n);
    LogMelReader reader(mel, &source, {});
    REQUIRE(reader.Measure().ok());
    CHECK(reader.samples() == static_cast<int64_t>(n));
    CHECK(reader.content_frames() == static_cast<int64_t>(n / 160));
    for (const size_t first : {0, 0, 3, 250, 256, 600, 640}) {
      const size_t count = std::min<size_t>(300, frames - first);
      constexpr size_t kWidth = 320;
      std::vector<float> out(kReaderMels * kWidth, -9.0f);
      REQUIRE(reader.Read(static_cast<int64_t>(first), count, kWidth, out.data()).ok());
      for (size_t m = 0; m < kReaderMels; ++m) {
        for (size_t t = 0; t < kWidth; ++t) {
          const float expected = t < count ? whole[m * frames + first + t] : 0.0f;
          // The whole pads to whole frames, the reader to 30 s more: one frame sees the seam.
          CHECK(out[m * kWidth + t] == doctest::Approx(expected).epsilon(1e-6));
        }
      }
    }
  }
}

TEST_CASE("a source that gives less or more when it is read again is an error") {
  const LogMel mel = ReaderMel();
  for (const size_t first_pass : {5000, 80000}) {
    ChoppySource source(Noise(100000, 7), first_pass);
    LogMelReader reader(mel, &source, {});
    REQUIRE(reader.Measure().ok());
    std::vector<float> out(kReaderMels * 600);
    const Result<void> result = reader.Read(300, 600, 600, out.data());
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kAudio);
    CHECK(result.error().message.find("100000 samples") != std::string::npos);
  }
}

TEST_CASE("a sample that is not finite is named by its place in the whole audio") {
  const LogMel mel = ReaderMel();
  std::vector<float> samples = Noise(60000, 7);
  samples[48000] = std::numeric_limits<float>::infinity();
  ArraySource source(samples.data(), samples.size());
  const Result<void> result = LogMelReader(mel, &source, {}).Measure();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kAudio);
  CHECK(result.error().message.find("sample 48000 (3.0") != std::string::npos);
}

TEST_CASE("reading is cancelled between blocks") {
  const LogMel mel = ReaderMel();
  const std::vector<float> samples = Noise(100000, 7);
  ArraySource source(samples.data(), samples.size());
  int left = 2;
  const Result<void> result = LogMelReader(mel, &source, [&] { return left-- == 0; }).Measure();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kCancelled);
}

}  // namespace
}  // namespace sotto
