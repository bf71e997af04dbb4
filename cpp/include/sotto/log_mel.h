// Log-mel spectrogram: the encoder's input.
//
// The same numbers as openai-whisper's log_mel_spectrogram(pad_or_trim(audio, n))
// (whisper/audio.py), to float32 rounding: n_fft 400, hop 160, periodic Hann window,
// reflect padding at both ends, power spectrum, mel filters, log10, the dynamic range
// cut at 8 decades under the loudest value, and (x + 4) / 4.

#ifndef SOTTO_LOG_MEL_H_
#define SOTTO_LOG_MEL_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "sotto/error.h"

namespace sotto {

inline constexpr int kSampleRate = 16000;              // Hz
inline constexpr size_t kFftSize = 400;                // samples, 25 ms
inline constexpr size_t kHopLength = 160;              // samples a frame, 10 ms
inline constexpr size_t kFftBins = kFftSize / 2 + 1;   // 201
inline constexpr size_t kReflected = kFftSize / 2;     // samples before the first: torch.stft's
inline constexpr float kMinPower = 1e-10f;             // below it is silence
inline constexpr size_t kMinFrames = 2;                // the reflect padding needs 201 samples
inline constexpr size_t kMaxFrames = size_t{1} << 22;  // 11 hours: keeps the index sums in range

// Immutable once made, so one LogMel serves any number of threads. Compute is for audio that is
// there whole; what reads it in pieces (LogMelReader) puts together Power and Normalize.
class LogMel {
 public:
  // filters: [n_mels, kFftBins] row-major, the bundle's mel_filters.npy; copied (its zeros
  // are not). kBundle if n_mels is 0 or a weight is not finite.
  static Result<LogMel> Create(const float* filters, size_t n_mels);

  LogMel(LogMel&&) noexcept;
  LogMel& operator=(LogMel&&) noexcept;
  ~LogMel();

  size_t n_mels() const { return bands_.size(); }

  // samples: [n_samples], kSampleRate, mono, nominally -1..1. They are cut, or padded with
  //   zeros, to the window's frames * kHopLength samples; n_samples may be 0.
  // out: [n_mels, frames] row-major.
  // kOption if frames is outside kMinFrames..kMaxFrames; kAudio if a sample in the window is
  // not finite or so large that its power isn't: then out is unspecified.
  Result<void> Compute(const float* samples, size_t n_samples, size_t frames, float* out) const;

  // Mel power of `frames` frames, no padding at either end: frame t is of the samples from
  //   t * kHopLength on.
  // samples: [(frames - 1) * kHopLength + kFftSize]; frames at least 1.
  // out: row m at out + m * stride; each at least kMinPower.
  // kAudio if a power isn't finite: then out is unspecified.
  Result<void> Power(const float* samples, size_t frames, size_t stride, float* out) const;

  // Mel power -> the encoder's input scale, in place. peak: the largest of the whole audio.
  static void Normalize(float peak, size_t n, float* values);

  // The largest of n powers, at least kMinPower.
  static float Peak(const float* power, size_t n);

  // kAudio, naming the first that is not finite. first: of samples[0] in the audio.
  static Result<void> CheckFinite(const float* samples, size_t n, size_t first = 0);

 private:
  struct Fft;  // pocketfft's plan, kept out of this header

  // One mel filter from its first non-zero weight to its last.
  struct Band {
    size_t first_bin;
    size_t count;
    size_t offset;  // of its first weight in weights_
  };

  LogMel();

  Result<void> EdgePower(const float* samples, size_t n_samples, size_t frames, size_t first,
                         size_t end, float* out) const;
  bool PowerOfGroup(const float* span, size_t frames, size_t stride, void* spectrum,
                    float* out) const;

  std::unique_ptr<const Fft> fft_;
  std::vector<float> window_;  // [kFftSize], periodic Hann
  std::vector<Band> bands_;    // [n_mels]
  std::vector<float> weights_;
};

}  // namespace sotto

#endif  // SOTTO_LOG_MEL_H_
