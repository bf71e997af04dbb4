// The log-mel spectrogram of a whole recording, window by window, in memory that does not grow
// with it: the same numbers as openai-whisper's log_mel_spectrogram(audio, padding=N_SAMPLES)
// (whisper/audio.py).

#ifndef SOTTO_SRC_AUDIO_LOG_MEL_READER_H_
#define SOTTO_SRC_AUDIO_LOG_MEL_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/error.h"
#include "sotto/log_mel.h"

namespace sotto {

// Mel power of a source's frames, block by block, from its first sample to the last frame that
// sees a sample.
class MelPowerStream {
 public:
  static constexpr size_t kBlock = 256;  // frames

  // Both must outlive it.
  MelPowerStream(const LogMel& log_mel, AudioSource* source);

  // Begins anew with the first sample.
  Result<void> Restart();

  // The next frames, as rows [n_mels] of `kBlock` each, to `out`; returns how many of a row
  // count: fewer than kBlock only at the end, then 0.
  Result<size_t> Next(float* out);

  int64_t samples() const { return samples_; }  // read so far
  bool ended() const { return ended_; }         // all were read
  double milliseconds() const { return milliseconds_; }

 private:
  Result<void> Fill();

  const LogMel& log_mel_;
  AudioSource* source_;
  std::vector<float> span_;  // what the next block's frames see
  size_t filled_ = 0;        // of span_
  int64_t samples_ = 0;
  int64_t frames_ = 0;  // given so far
  bool ended_ = false;
  double milliseconds_ = 0;  // without the source's
};

// Frames of a recording for windows that move forward.
class LogMelReader {
 public:
  // Both must outlive it. cancelled: asked before every block; empty: never.
  LogMelReader(const LogMel& log_mel, AudioSource* source, std::function<bool()> cancelled);

  // First pass over the source: how long it is and how loud. kAudio for a sample that is no
  // audio; kCancelled.
  Result<void> Measure();

  int64_t samples() const { return samples_; }
  int64_t content_frames() const { return samples_ / static_cast<int64_t>(kHopLength); }

  // Frames first..first+count-1 into the first columns of out [n_mels, width]; the others
  // become 0 (pad_or_trim). Frames past the audio are the silence that the reference pads it
  // with. After Measure; `first` must not be less than the call's before. kAudio if the source
  // does not give what it gave in the first pass.
  Result<void> Read(int64_t first, size_t count, size_t width, float* out);

  double milliseconds() const { return stream_.milliseconds() + milliseconds_; }

 private:
  Result<void> CheckSame() const;
  Result<void> ReadUntil(int64_t first, int64_t end);
  void DropUntil(int64_t first);

  const LogMel& log_mel_;
  MelPowerStream stream_;
  const std::function<bool()> cancelled_;
  int64_t samples_ = 0;
  float peak_ = kMinPower;
  std::vector<float> block_;               // [n_mels, kBlock]
  std::vector<std::vector<float>> power_;  // [n_mels][kept]
  int64_t first_ = 0;                      // frame that power_ begins with
  bool reading_ = false;                   // the second pass has begun
  double milliseconds_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_AUDIO_LOG_MEL_READER_H_
