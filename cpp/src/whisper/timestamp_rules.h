// When timestamps come and which: openai-whisper's ApplyTimestampRules (whisper/decoding.py).

#ifndef SOTTO_SRC_WHISPER_TIMESTAMP_RULES_H_
#define SOTTO_SRC_WHISPER_TIMESTAMP_RULES_H_

#include <optional>
#include <vector>

#include "whisper/logits_filter.h"

namespace sotto {

// Log-mel frames from one timestamp to the next: the encoder's positions, 0.02 s.
inline constexpr int kFramesPerTimestamp = 2;

// The index of the last timestamp a text may begin with; none: it may begin with any. As in the
// reference, 0 seconds are no limit and half a step goes to the even one.
std::optional<int> LastInitialTimestamp(std::optional<double> seconds, int n_audio_ctx);

class TimestampRules : public LogitsFilter {
 public:
  struct Limits {
    int eot = 0;  // the first id that is not text
    int no_timestamps = 0;
    int timestamp_begin = 0;
    int n_vocab = 0;
    // Index of the timestamp at the window's end. Whisper learned on windows of 30 s, whose end
    // is the last timestamp there is; in a shorter one, a later timestamp would point at audio
    // that the encoder has not heard.
    int last = 0;
    std::optional<int> last_initial;  // index of the last timestamp a text may begin with
  };

  explicit TimestampRules(const Limits& limits) : limits_(limits) {}
  void Apply(const std::vector<int>& sampled, float* logits) const override;

 private:
  void ForbidOutOfTurn(const std::vector<int>& sampled, float* logits) const;
  void PreferTimestamps(float* logits) const;

  Limits limits_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_TIMESTAMP_RULES_H_
