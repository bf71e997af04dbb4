// From a probability of speech every 512 samples to spans of speech.

#ifndef SOTTO_SPEECH_SPANS_H_
#define SOTTO_SPEECH_SPANS_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// Samples that one probability is for: 32 ms at 16 kHz.
inline constexpr int kVadChunk = 512;

// Names are those of silero-vad 6.2's get_speech_timestamps and of faster-whisper 1.2's VadOptions.
// So are the defaults: faster-whisper's, which suit transcription. (silero-vad's own cut finer:
// min_speech_duration_ms 250, min_silence_duration_ms 100, speech_pad_ms 30.)
struct VadOptions {
  // Speech begins at a probability of `threshold` or above and ends below `neg_threshold`.
  double threshold = 0.5;          // 0 to 1
  double neg_threshold = -1;       // 0 to `threshold`; -1: threshold - 0.15, at least 0.01
  int min_speech_duration_ms = 0;  // shorter spans are dropped, before they are padded
  // A longer span is cut: at its longest silence, else, like a rope, where the limit is.
  // Infinity: never. More than 32 ms and twice the padding.
  double max_speech_duration_s = std::numeric_limits<double>::infinity();
  int min_silence_duration_ms = 2000;  // shorter silences do not end a span
  int speech_pad_ms = 400;             // added at both ends, as far as there is silence

  // The two that faster-whisper fixes. Silences up to the first do not count for a cut.
  int min_silence_at_max_speech = 98;  // ms
  // false: cut at the last silence, as faster-whisper and older silero-vad do.
  bool use_max_poss_sil_at_max_speech = true;

  // kOption, naming the option, its value and the range.
  Result<void> Validate() const;
};

// Samples at 16 kHz, `end` excluded.
struct SpeechSpan {
  int64_t start = 0;
  int64_t end = 0;
};

// silero_vad/utils_vad.py, get_speech_timestamps_from_probs. `probabilities`: one for every 512
// samples, the last chunk padded; `total_samples`: of the audio. `options` must be valid. Spans
// ascend and do not overlap.
std::vector<SpeechSpan> SpeechSpans(const std::vector<float>& probabilities, int64_t total_samples,
                                    const VadOptions& options);

}  // namespace sotto

#endif  // SOTTO_SPEECH_SPANS_H_
