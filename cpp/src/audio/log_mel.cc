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

// Copies `count` samples of the padded window from `start` on: zeros from n_samples to `length`,
// and beyond both ends of the window its mirror image.
void CopyPadded(const float* samples, size_t n_samples, size_t length, ptrdiff_t start,
                size_t count, float* span) {
  const auto end = static_cast<ptrdiff_t>(length);
  for (size_t i = 0; i < count; ++i) {
    ptrdiff_t position = start + static_cast<ptrdiff_t>(i);
    if (position < 0) position = -position;
    if (position >= end) position = 2 * end - 2 - position;
    const auto index = static_cast<size_t>(position);
    span[i] = index < n_samples ? samples[index] : 0.0f;
  }
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

Result<void> LogMel::CheckFinite(const float* samples, size_t n, size_t first) {
  if (AllFinite(samples, n)) return {};
  size_t i = 0;
  while (std::isfinite(samples[i])) ++i;
  const size_t position = first + i;
  return Error{ErrorCode::kAudio, "audio: sample " + std::to_string(position) + " (" +
                                      std::to_string(static_cast<double>(position) / kSampleRate) +
                                      " s) is not finite; expected about -1 to 1"};
}

float LogMel::Peak(const float* power, size_t n) {
  constexpr size_t kWidth = 8;  // independent maxima, or the loop waits on its own result
  float peak[kWidth];
  std::fill_n(peak, kWidth, kMinPower);
  size_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    for (size_t j = 0; j < kWidth; ++j) peak[j] = power[i + j] > peak[j] ? power[i + j] : peak[j];
  }
  for (; i < n; ++i) peak[0] = std::max(peak[0], power[i]);
  return *std::max_element(peak, peak + kWidth);
}

void LogMel::Normalize(float peak, size_t n, float* values) {
  const float floor = Log10(peak) - kDynamicRange;
  for (size_t i = 0; i < n; ++i) {
    const float level = Log10(values[i]);
    values[i] = ((level > floor ? level : floor) + 4.0f) / 4.0f;
  }
}

// span: [kSpan] under kLanes frames, of which the first `frames` are stored. spectrum: scratch,
// Lanes [kFftSize]. Whether every power is finite.
bool LogMel::PowerOfGroup(const float* span, size_t frames, size_t stride, void* scratch,
                          float* out) const {
  auto* spectrum = static_cast<Lanes*>(scratch);  // in time, then half-complex, then power
  const float* window = window_.data();
  for (size_t i = 0; i < kFftSize; ++i) {
    float lanes[kLanes];
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = span[j * kHopLength + i] * window[i];
    std::memcpy(&spectrum[i], lanes, sizeof(lanes));
  }

  fft_->plan.exec(spectrum, 1.0f, pocketfft::FORWARD);

  // Half-complex order is r0 r1 i1 r2 i2 ... r200: bin k is never behind what it is read from.
  Lanes* power = spectrum;
  power[0] = power[0] * power[0];
  for (size_t k = 1; k < kFftBins - 1; ++k) {
    power[k] = power[2 * k - 1] * power[2 * k - 1] + power[2 * k] * power[2 * k];
  }
  power[kFftBins - 1] = power[kFftSize - 1] * power[kFftSize - 1];

  bool finite = true;
  for (size_t m = 0; m < bands_.size(); ++m) {
    const Band& band = bands_[m];
    const float* weights = weights_.data() + band.offset;
    const Lanes* bins = power + band.first_bin;
    Lanes sum = {};
    for (size_t k = 0; k < band.count; ++k) sum += weights[k] * bins[k];
    float lanes[kLanes];
    std::memcpy(lanes, &sum, sizeof(lanes));
    // Infinity passes; so does NaN, as the comparison is false.
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = lanes[j] < kMinPower ? kMinPower : lanes[j];
    finite = finite && AllFinite(lanes, frames);
    std::memcpy(out + m * stride, lanes, frames * sizeof(float));
  }
  return finite;
}

Result<void> LogMel::Power(const float* samples, size_t frames, size_t stride, float* out) const {
  pocketfft::detail::arr<Lanes> spectrum(kFftSize);
  std::vector<float> last;  // a group that is not full
  bool finite = true;
  for (size_t frame = 0; frame < frames; frame += kLanes) {
    const float* span = samples + frame * kHopLength;
    const size_t stored = std::min(kLanes, frames - frame);
    if (stored < kLanes) {
      last.assign(span, span + (stored - 1) * kHopLength + kFftSize);
      last.resize(kSpan);
      span = last.data();
    }
    finite = PowerOfGroup(span, stored, stride, spectrum.data(), out + frame) && finite;
  }
  if (finite) return {};
  return Error{ErrorCode::kAudio,
               "audio: samples are too large for a spectrum; expected about -1 to 1"};
}

// Power of the frames first..end-1 of a window of `frames`, which see its padding, into their
// columns of out [n_mels, frames].
Result<void> LogMel::EdgePower(const float* samples, size_t n_samples, size_t frames, size_t first,
                               size_t end, float* out) const {
  if (first >= end) return {};
  std::vector<float> padded((end - first - 1) * kHopLength + kFftSize);
  const auto start = static_cast<ptrdiff_t>(first * kHopLength) - ptrdiff_t{kReflected};
  CopyPadded(samples, n_samples, frames * kHopLength, start, padded.size(), padded.data());
  return Power(padded.data(), end - first, frames, out + first);
}

Result<void> LogMel::Compute(const float* samples, size_t n_samples, size_t frames,
                             float* out) const {
  if (frames < kMinFrames || frames > kMaxFrames) {
    return Error{ErrorCode::kOption, "frames is " + std::to_string(frames) + "; expected " +
                                         std::to_string(kMinFrames) + " to " +
                                         std::to_string(kMaxFrames) + " frames of 10 ms"};
  }
  n_samples = std::min(n_samples, frames * kHopLength);
  SOTTO_RETURN_IF_ERROR(CheckFinite(samples, n_samples));

  // Frames from `voiced` on see only the zero padding; the mirror at the window's end does not
  // reach back before them. Their power is the floor, without an FFT.
  const size_t voiced =
      n_samples == 0 ? 0 : std::min(frames, (n_samples - 1 + kReflected) / kHopLength + 1);
  // Frames that see samples alone are read in place.
  const size_t first = std::min(voiced, (kReflected + kHopLength - 1) / kHopLength);
  const size_t end = n_samples < kReflected
                         ? first
                         : std::clamp((n_samples - kReflected) / kHopLength + 1, first, voiced);
  try {
    SOTTO_RETURN_IF_ERROR(EdgePower(samples, n_samples, frames, 0, first, out));
    if (first < end) {
      SOTTO_RETURN_IF_ERROR(
          Power(samples + first * kHopLength - kReflected, end - first, frames, out + first));
    }
    SOTTO_RETURN_IF_ERROR(EdgePower(samples, n_samples, frames, end, voiced, out));
  } catch (const std::exception& e) {
    return Error{ErrorCode::kAudio, std::string("log-mel spectrogram failed: ") + e.what()};
  }

  float peak = kMinPower;
  for (size_t m = 0; m < n_mels(); ++m) peak = std::max(peak, Peak(out + m * frames, voiced));
  float silence = kMinPower;
  Normalize(peak, 1, &silence);
  for (size_t m = 0; m < n_mels(); ++m) {
    float* row = out + m * frames;
    Normalize(peak, voiced, row);
    std::fill(row + voiced, row + frames, silence);
  }
  return {};
}

}  // namespace sotto
