#include "embed/embedding_audio.h"

#include <algorithm>
#include <string>

#include "bundle/npy.h"

namespace sotto {
namespace {

// The shortest window that holds n samples but for less than half a position, which resampling may
// add; or none.
size_t FittingWindow(const AudioEncoderSpec& audio, size_t n, size_t min_seconds) {
  const auto found = std::find_if(audio.windows.begin(), audio.windows.end(),
                                  [&](const AudioEncoderSpec::Window& window) {
                                    return window.seconds >= min_seconds &&
                                           n < window.frames * kHopLength + kPositionSamples / 2;
                                  });
  return static_cast<size_t>(found - audio.windows.begin());
}

}  // namespace

std::vector<double> PositionPowers(const float* samples, size_t n) {
  constexpr size_t kHalf = kPositionSamples / 2;
  std::vector<double> powers;
  for (size_t begin = 0, end = kHalf; begin < n; begin = end, end += kPositionSamples) {
    if (end + kPositionSamples > n) end = n;
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += static_cast<double>(samples[i]) * samples[i];
    powers.push_back(sum / static_cast<double>(end - begin));
  }
  return powers;
}

size_t WriteSoundPool(const std::vector<double>& powers, double loudest, size_t positions,
                      float* pool) {
  std::fill_n(pool, positions, 0.0f);
  const size_t known = std::min(powers.size(), positions);
  const auto sounds = [&](double power) { return power >= loudest * kSoundPower; };
  const auto count = static_cast<size_t>(
      std::count_if(powers.begin(), powers.begin() + static_cast<std::ptrdiff_t>(known), sounds));
  for (size_t i = 0; i < known; ++i) {
    if (sounds(powers[i])) pool[i] = 1.0f / static_cast<float>(count);
  }
  return count;
}

Result<std::unique_ptr<AudioTower>> AudioTower::Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                                       const AudioEncoderSpec& audio, int threads) {
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(audio.mel_filters));
  SOTTO_RETURN_IF_ERROR(filters.Expect(NpyType::kFloat32, {audio.n_mels, kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel, LogMel::Create(filters.As<float>(), audio.n_mels));
  return std::unique_ptr<AudioTower>(
      new AudioTower(std::move(runtime), audio, std::move(log_mel), threads));
}

Result<size_t> AudioTower::Encode(const float* samples, size_t n, double loudest, size_t window,
                                  size_t dimensions, float* out) const {
  const size_t index = FittingWindow(audio_, n, window);
  if (n == 0 || index == audio_.windows.size()) {
    return Error{ErrorCode::kAudio, "a window has " + std::to_string(n) +
                                        " samples, expected 1 to " +
                                        std::to_string(audio_.windows.back().frames * kHopLength)};
  }
  SOTTO_RETURN_IF_ERROR(LogMel::CheckFinite(samples, n));
  const AudioEncoderSpec::Window& fitting = audio_.windows[index];
  return sessions_.With([&](EncoderGraphs* graphs) -> Result<size_t> {
    SOTTO_ASSIGN_OR_RETURN(BoundGraph * graph, graphs->Graph(index, fitting.signature));
    const size_t count = WriteSoundPool(PositionPowers(samples, n), loudest, fitting.frames / 2,
                                        graph->tensor("pool").data());
    if (count == 0) {
      std::fill_n(out, dimensions, 0.0f);
      return count;
    }
    SOTTO_RETURN_IF_ERROR(
        log_mel_.Compute(samples, n, fitting.frames, graph->tensor("log_mel").data()));
    SOTTO_RETURN_IF_ERROR(graph->Run());
    std::copy_n(graph->tensor("embedding").data(), dimensions, out);
    return count;
  });
}

}  // namespace sotto
