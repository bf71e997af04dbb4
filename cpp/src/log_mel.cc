#include "sotto/log_mel.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>

#define POCKETFFT_NO_MULTITHREADING
#include <pocketfft_hdronly.h>

namespace sotto {
namespace {

// The spectrum is computed for kLanes frames at once: element i of every buffer holds
// sample or bin i of all of them, so the FFT, the power and the mel sums are SIMD
// throughout with nothing to shuffle but the first gather.
#ifdef POCKETFFT_NO_VECTORS
using Lanes = float;
#else
using Lanes = pocketfft::detail::vtype_t<float>;
#endif
constexpr size_t kLanes = sizeof(Lanes) / sizeof(float);
constexpr size_t kSpan = (kLanes - 1) * kHopLength + kFftSize;  // samples under kLanes frames

constexpr ptrdiff_t kPadding = kFftSize / 2;  // of torch.stft(center=True), each side
constexpr float kMinPower = 1e-10f;
constexpr float kDynamicRange = 8.0f;  // decades
constexpr double kPi = 3.14159265358979323846;

uint32_t Bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

float FromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

bool AllFinite(const float* values, size_t n) {
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) bad |= (Bits(values[i]) & 0x7f800000u) == 0x7f800000u ? 1u : 0u;
  return bad == 0;
}

// log10 of a positive, normal, finite number, within 3e-7 + 1 ulp. Branch-free so that the
// compiler vectorises the loop around it, which libm's does not allow and which is a third
// of the whole time. The polynomial is Cephes' logf (S. Moshier, netlib.org/cephes).
inline float Log10(float value) {
  // Splits value into 2^exponent * mantissa, with the mantissa in [sqrt(1/2), sqrt(2)).
  const uint32_t shifted = Bits(value) - 0x3f3504f3u;
  const int32_t exponent = static_cast<int32_t>(shifted) >> 23;
  const float mantissa = FromBits((shifted & 0x007fffffu) + 0x3f3504f3u);
  const float x = mantissa - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * x - 1.1514610310e-1f;
  p = p * x + 1.1676998740e-1f;
  p = p * x - 1.2420140846e-1f;
  p = p * x + 1.4249322787e-1f;
  p = p * x - 1.6668057665e-1f;
  p = p * x + 2.0000714765e-1f;
  p = p * x - 2.4999993993e-1f;
  p = p * x + 3.3333331174e-1f;
  const float natural = x + x * x * (p * x - 0.5f);
  return static_cast<float>(exponent) * 0.301029995664f + natural * 0.434294481903f;
}

// Row of power values, each at least kMinPower -> the largest.
float Peak(const float* values, size_t n) {
  constexpr size_t kWidth = 8;  // independent maxima, or the loop waits on its own result
  float peak[kWidth];
  std::fill_n(peak, kWidth, kMinPower);
  size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    for (size_t j = 0; j < kWidth; ++j) peak[j] = values[i + j] > peak[j] ? values[i + j] : peak[j];
  }
  for (; i < n; ++i) peak[0] = std::max(peak[0], values[i]);
  return *std::max_element(peak, peak + kWidth);
}

// Copies samples [start, start + kSpan) of the padded window: zeros from n_samples to
// `length`, and beyond both ends of the window its mirror image.
void CopyPadded(const float* samples, size_t n_samples, size_t length, ptrdiff_t start,
                float* span) {
  const auto end = static_cast<ptrdiff_t>(length);
  for (size_t i = 0; i < kSpan; ++i) {
    ptrdiff_t position = start + static_cast<ptrdiff_t>(i);
    if (position >= end + kPadding) {  // lanes past the last frame, never stored
      span[i] = 0.0f;
      continue;
    }
    if (position < 0) position = -position;
    if (position >= end) position = 2 * end - 2 - position;
    const auto index = static_cast<size_t>(position);
    span[i] = index < n_samples ? samples[index] : 0.0f;
  }
}

Error NotFinite(const float* samples, size_t n_samples) {
  size_t i = 0;
  while (i < n_samples && std::isfinite(samples[i])) ++i;
  if (i == n_samples) {
    return {ErrorCode::kAudio,
            "audio: samples are too large for a spectrum; expected about -1 to 1"};
  }
  return {ErrorCode::kAudio, "audio: sample " + std::to_string(i) + " (" +
                                 std::to_string(static_cast<double>(i) / kSampleRate) +
                                 " s) is not finite; expected about -1 to 1"};
}

}  // namespace

struct LogMel::Fft {
  pocketfft::detail::pocketfft_r<float> plan{kFftSize};
};

LogMel::LogMel() = default;
LogMel::LogMel(LogMel&&) noexcept = default;
LogMel& LogMel::operator=(LogMel&&) noexcept = default;
LogMel::~LogMel() = default;

Result<LogMel> LogMel::Create(const float* filters, size_t n_mels) {
  if (filters == nullptr || n_mels == 0) {
    return Error{ErrorCode::kBundle, "mel filters are empty; expected [n_mels, 201]"};
  }
  if (!AllFinite(filters, n_mels * kFftBins)) {
    return Error{ErrorCode::kBundle, "mel filters hold a weight that is not finite"};
  }
  try {
    LogMel mel;
    mel.fft_ = std::make_unique<const Fft>();
    mel.window_.resize(kFftSize);
    for (size_t i = 0; i < kFftSize; ++i) {
      mel.window_[i] =
          static_cast<float>(0.5 - 0.5 * std::cos(2.0 * kPi * static_cast<double>(i) / kFftSize));
    }
    mel.bands_.reserve(n_mels);
    for (size_t m = 0; m < n_mels; ++m) {
      const float* row = filters + m * kFftBins;
      size_t first = 0;
      size_t last = kFftBins;
      while (first < kFftBins && row[first] == 0.0f) ++first;
      while (last > first && row[last - 1] == 0.0f) --last;
      mel.bands_.push_back({first, last - first, mel.weights_.size()});
      mel.weights_.insert(mel.weights_.end(), row + first, row + last);
    }
    return mel;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kBundle, std::string("mel filters can't be prepared: ") + e.what()};
  }
}

// Mel power of the first `voiced` frames, at least kMinPower, into out [n_mels, frames].
void LogMel::Power(const float* samples, size_t n_samples, size_t frames, size_t voiced,
                   float* out) const {
  pocketfft::detail::arr<Lanes> spectrum(kFftSize);  // in time, then half-complex, then power
  std::vector<float> padded(kSpan);
  const float* window = window_.data();
  const size_t length = frames * kHopLength;

  for (size_t frame = 0; frame < voiced; frame += kLanes) {
    const ptrdiff_t start = static_cast<ptrdiff_t>(frame * kHopLength) - kPadding;
    const float* span;
    if (start >= 0 && static_cast<size_t>(start) + kSpan <= n_samples) {
      span = samples + start;
    } else {
      CopyPadded(samples, n_samples, length, start, padded.data());
      span = padded.data();
    }
    for (size_t i = 0; i < kFftSize; ++i) {
      float lanes[kLanes];
      for (size_t j = 0; j < kLanes; ++j) lanes[j] = span[j * kHopLength + i] * window[i];
      std::memcpy(&spectrum[i], lanes, sizeof(lanes));
    }

    fft_->plan.exec(spectrum.data(), 1.0f, pocketfft::FORWARD);

    // Half-complex order is r0 r1 i1 r2 i2 ... r200: bin k is never behind what it is read from.
    Lanes* power = spectrum.data();
    power[0] = power[0] * power[0];
    for (size_t k = 1; k < kFftBins - 1; ++k) {
      power[k] = power[2 * k - 1] * power[2 * k - 1] + power[2 * k] * power[2 * k];
    }
    power[kFftBins - 1] = power[kFftSize - 1] * power[kFftSize - 1];

    const size_t valid = std::min(kLanes, voiced - frame);
    for (size_t m = 0; m < bands_.size(); ++m) {
      const Band& band = bands_[m];
      const float* weights = weights_.data() + band.offset;
      const Lanes* bins = power + band.first_bin;
      Lanes sum = {};
      for (size_t k = 0; k < band.count; ++k) sum += weights[k] * bins[k];
      float lanes[kLanes];
      std::memcpy(lanes, &sum, sizeof(lanes));
      // Infinity passes and is found by the caller; so does NaN, as the comparison is false.
      for (size_t j = 0; j < kLanes; ++j) lanes[j] = lanes[j] < kMinPower ? kMinPower : lanes[j];
      std::memcpy(out + m * frames + frame, lanes, valid * sizeof(float));
    }
  }
}

Result<void> LogMel::Compute(const float* samples, size_t n_samples, size_t frames,
                             float* out) const {
  if (frames < kMinFrames || frames > kMaxFrames) {
    return Error{ErrorCode::kOption, "frames is " + std::to_string(frames) + "; expected " +
                                         std::to_string(kMinFrames) + " to " +
                                         std::to_string(kMaxFrames) + " frames of 10 ms"};
  }
  n_samples = std::min(n_samples, frames * kHopLength);
  if (!AllFinite(samples, n_samples)) return NotFinite(samples, n_samples);

  // Frames from here on see only the zero padding; the mirror at the window's end does not
  // reach back before them. Their power is the floor, without an FFT.
  const size_t voiced =
      n_samples == 0 ? 0 : std::min(frames, (n_samples - 1 + kPadding) / kHopLength + 1);
  try {
    Power(samples, n_samples, frames, voiced, out);
  } catch (const std::exception& e) {
    return Error{ErrorCode::kAudio, std::string("log-mel spectrogram failed: ") + e.what()};
  }

  float peak = kMinPower;
  bool finite = true;
  for (size_t m = 0; m < n_mels(); ++m) {
    const float* row = out + m * frames;
    finite = finite && AllFinite(row, voiced);
    peak = std::max(peak, Peak(row, voiced));
  }
  if (!finite) return NotFinite(samples, n_samples);

  const float floor = Log10(peak) - kDynamicRange;
  const float silence = (std::max(Log10(kMinPower), floor) + 4.0f) / 4.0f;
  for (size_t m = 0; m < n_mels(); ++m) {
    float* row = out + m * frames;
    for (size_t t = 0; t < voiced; ++t) {
      const float level = Log10(row[t]);
      row[t] = ((level > floor ? level : floor) + 4.0f) / 4.0f;
    }
    std::fill(row + voiced, row + frames, silence);
  }
  return {};
}

}  // namespace sotto
