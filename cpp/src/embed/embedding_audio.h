// Samples to vectors, made of the positions that hold sound.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_AUDIO_H_
#define SOTTO_SRC_EMBED_EMBEDDING_AUDIO_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "embed/embedding_bundle.h"
#include "embed/encoder_graphs.h"
#include "litert/bound_graph.h"
#include "sotto/error.h"
#include "sotto/log_mel.h"

namespace sotto {

// Samples from one position of Whisper's encoder to the next, 20 ms: two log-mel frames.
inline constexpr size_t kPositionSamples = 2 * kHopLength;

// A position holds sound if its power is at least this part of the recording's loudest: 30 dB
// below. Speech's weakest consonants are that far below its vowels; pauses are where the room is no
// louder. As it is a ratio, a recording played louder has sound at the same positions.
inline constexpr double kSoundPower = 1e-3;

// Mean power of the samples nearest to each position: those from 160 before its centre to 160
// after it, of which position t's is sample 320 t. The last one's are all that are left, less
// than a position more: a window that is filled has no more positions than its graph.
std::vector<double> PositionPowers(const float* samples, size_t n);

// A window's positions that hold sound, as weights that sum to 1; the others are 0.
//
// powers: PositionPowers; those beyond `positions` are left out. loudest: of the recording. 0: it
// is silence, and every position of it counts. pool: [positions].
// Returns how many hold sound; of 0 the weights are all 0.
size_t WriteSoundPool(const std::vector<double>& powers, double loudest, size_t positions,
                      float* pool);

// For any number of threads at once. Graphs are loaded when they are first used.
class AudioTower {
 public:
  // `audio` must outlive it. kBundle if mel_filters is not of its shape.
  static Result<std::unique_ptr<AudioTower>> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                                    const AudioEncoderSpec& audio, int threads);

  // Encodes one window: at most what the longest one holds, padded with zeros.
  //
  // samples: [n], kSampleRate. window: seconds of the shortest window that may be taken; 0: any.
  // out: [dimensions]; zeros if no position holds sound.
  // Returns the number of positions that do. kAudio if a sample is not finite, or there are none
  // or too many.
  Result<size_t> Encode(const float* samples, size_t n, double loudest, size_t window,
                        size_t dimensions, float* out) const;

  // Runs its smallest graph once.
  Result<void> Try() const { return sessions_.Try(audio_.windows.front().signature); }

  // Frees idle sessions, and each when it is done.
  void Close() const { sessions_.Close(); }

 private:
  AudioTower(std::shared_ptr<const LiteRtRuntime> runtime, const AudioEncoderSpec& audio,
             LogMel log_mel, int threads)
      : audio_(audio),
        log_mel_(std::move(log_mel)),
        sessions_(std::move(runtime), threads, audio.windows.size()) {}

  const AudioEncoderSpec& audio_;
  const LogMel log_mel_;
  const EncoderSessions sessions_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_AUDIO_H_
