// The numbers are compared with openai-whisper's in test/runtime/test_log_mel.py.

#include "sotto/log_mel.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "noise.h"

namespace sotto {
namespace {

constexpr size_t kMels = 3;

// Three overlapping triangles, low, middle and high.
std::vector<float> Filters() {
  std::vector<float> filters(kMels * kFftBins, 0.0f);
  for (size_t m = 0; m < kMels; ++m) {
    for (size_t k = 0; k < 60; ++k) {
      filters[m * kFftBins + 10 + 60 * m + k] = 1.0f - std::abs(static_cast<float>(k) - 30) / 30;
    }
  }
  return filters;
}

LogMel Make() {
  Result<LogMel> mel = LogMel::Create(Filters().data(), kMels);
  REQUIRE(mel.ok());
  return std::move(mel).value();
}

std::vector<float> Compute(const LogMel& mel, const std::vector<float>& samples, size_t frames) {
  std::vector<float> out(mel.n_mels() * frames, -9.0f);
  REQUIRE(mel.Compute(samples.data(), samples.size(), frames, out.data()).ok());
  return out;
}

// The definition, in double precision: a plain DFT of each reflected, windowed frame.
std::vector<double> Reference(std::vector<float> samples, size_t frames) {
  samples.resize(frames * kHopLength);
  const auto n = static_cast<long>(samples.size());
  const double pi = std::acos(-1.0);
  const std::vector<float> filters = Filters();
  std::vector<double> levels(kMels * frames, 0.0);
  for (size_t t = 0; t < frames; ++t) {
    std::vector<double> power(kFftBins);
    for (size_t k = 0; k < kFftBins; ++k) {
      std::complex<double> sum = 0.0;
      for (size_t i = 0; i < kFftSize; ++i) {
        long position = static_cast<long>(t * kHopLength + i) - 200;
        if (position < 0) position = -position;
        if (position >= n) position = 2 * n - 2 - position;
        const double window = 0.5 - 0.5 * std::cos(2.0 * pi * static_cast<double>(i) / kFftSize);
        sum += samples[static_cast<size_t>(position)] * window *
               std::polar(1.0, -2.0 * pi * static_cast<double>(k * i % kFftSize) / kFftSize);
      }
      power[k] = std::norm(sum);
    }
    for (size_t m = 0; m < kMels; ++m) {
      double sum = 0.0;
      for (size_t k = 0; k < kFftBins; ++k) sum += filters[m * kFftBins + k] * power[k];
      levels[m * frames + t] = std::log10(std::max(sum, 1e-10));
    }
  }
  const double floor = *std::max_element(levels.begin(), levels.end()) - 8.0;
  for (double& level : levels) level = (std::max(level, floor) + 4.0) / 4.0;
  return levels;
}

double MaxDifference(const std::vector<float>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0.0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

TEST_CASE("log-mel is the definition's, whether the audio is shorter or longer than the window") {
  const LogMel mel = Make();
  for (const size_t n : {1, 2, 199, 200, 201, 359, 360, 1000, 1120, 1600, 5000}) {
    for (const size_t frames : {2, 3, 7, 10}) {
      CAPTURE(n);
      CAPTURE(frames);
      const std::vector<float> samples = Noise(n, 1);
      // Float rounding of a 400-point FFT, on noise far above the floor.
      CHECK(MaxDifference(Compute(mel, samples, frames), Reference(samples, frames)) < 1e-5);
    }
  }
}

TEST_CASE("log-mel of no samples is log-mel of zeros") {
  const LogMel mel = Make();
  const std::vector<float> none = Compute(mel, {}, 9);
  CHECK(none == Compute(mel, std::vector<float>(9 * kHopLength, 0.0f), 9));
  CHECK(std::all_of(none.begin(), none.end(), [](float x) { return std::abs(x + 1.5f) < 1e-6f; }));
  std::vector<float> out(kMels * 9);
  CHECK(mel.Compute(nullptr, 0, 9, out.data()).ok());
  CHECK(out == none);
}

TEST_CASE("log-mel of padded audio is that of the audio with zeros after it") {
  const LogMel mel = Make();
  std::vector<float> samples = Noise(3333, 1);
  const std::vector<float> padded = Compute(mel, samples, 50);
  samples.resize(50 * kHopLength);
  CHECK(padded == Compute(mel, samples, 50));
}

TEST_CASE("log-mel refuses a sample that is not finite and says where it is") {
  const LogMel mel = Make();
  std::vector<float> out(kMels * 10);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> samples(1600, 0.1f);
    samples[800] = bad;
    const Result<void> result = mel.Compute(samples.data(), samples.size(), 10, out.data());
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kAudio);
    CHECK(result.error().message.find("sample 800 (0.05") != std::string::npos);
    CHECK(mel.Compute(samples.data(), samples.size(), 4, out.data()).ok());  // cut off before it
  }
}

TEST_CASE("log-mel refuses samples so large that their power overflows") {
  std::vector<float> out(kMels * 10);
  const std::vector<float> samples(1600, 1e30f);
  const Result<void> result = Make().Compute(samples.data(), samples.size(), 10, out.data());
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kAudio);
}

TEST_CASE("log-mel refuses a window that is too short to reflect or too long to index") {
  float out[kMels];
  for (const size_t frames : {size_t{0}, size_t{1}, kMaxFrames + 1, SIZE_MAX}) {
    const Result<void> result = Make().Compute(nullptr, 0, frames, out);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kOption);
  }
}

TEST_CASE("mel filters must be there and finite") {
  std::vector<float> filters = Filters();
  CHECK_FALSE(LogMel::Create(filters.data(), 0).ok());
  filters[5] = std::numeric_limits<float>::quiet_NaN();
  const Result<LogMel> mel = LogMel::Create(filters.data(), kMels);
  REQUIRE_FALSE(mel.ok());
  CHECK(mel.error().code == ErrorCode::kBundle);
}

TEST_CASE("a mel filter of zeros gives the floor") {
  const std::vector<float> filters(kFftBins, 0.0f);
  const Result<LogMel> mel = LogMel::Create(filters.data(), 1);
  REQUIRE(mel.ok());
  for (const float level : Compute(*mel, Noise(1600, 1), 10)) CHECK(level == doctest::Approx(-1.5));
}

}  // namespace
}  // namespace sotto
