#include "whisper/timestamp_rules.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "decode/log_softmax.h"

namespace sotto {
namespace {

constexpr double kContextSeconds = 30;  // that n_audio_ctx positions span (CHUNK_LENGTH)

// Forbids first..end-1.
void Forbid(int first, int end, float* logits) {
  if (first < end) std::fill(logits + first, logits + end, -std::numeric_limits<float>::infinity());
}

}  // namespace

std::optional<int> LastInitialTimestamp(std::optional<double> seconds, int n_audio_ctx) {
  if (!seconds || *seconds == 0) return std::nullopt;
  // nearbyint rounds half to even, as Python's round does.
  const double index = std::nearbyint(*seconds / (kContextSeconds / n_audio_ctx));
  return static_cast<int>(std::clamp(index, 0.0, static_cast<double>(n_audio_ctx)));
}

void TimestampRules::Apply(const std::vector<int>& sampled, float* logits) const {
  const int begin = limits_.timestamp_begin;
  logits[limits_.no_timestamps] = -std::numeric_limits<float>::infinity();
  Forbid(begin + limits_.last + 1, limits_.n_vocab, logits);
  ForbidOutOfTurn(sampled, logits);
  if (sampled.empty()) {
    Forbid(0, begin, logits);
    if (limits_.last_initial) Forbid(begin + *limits_.last_initial + 1, limits_.n_vocab, logits);
  }
  PreferTimestamps(logits);
}

void TimestampRules::ForbidOutOfTurn(const std::vector<int>& sampled, float* logits) const {
  const int begin = limits_.timestamp_begin;
  const size_t size = sampled.size();
  const bool after_timestamp = size >= 1 && sampled[size - 1] >= begin;
  const bool after_pair = after_timestamp && (size < 2 || sampled[size - 2] >= begin);
  // Timestamps come in pairs, an end and a start; only before the end of text there is one.
  if (after_pair) {
    Forbid(begin, limits_.n_vocab, logits);
  } else if (after_timestamp) {
    Forbid(0, limits_.eot, logits);
  }
  // They don't decrease, and a segment is longer than nothing, or it would repeat without end.
  const auto last =
      std::find_if(sampled.rbegin(), sampled.rend(), [&](int token) { return token >= begin; });
  if (last == sampled.rend()) return;
  const bool starts_next = after_timestamp && !after_pair;
  Forbid(begin, std::min(starts_next ? *last : *last + 1, limits_.n_vocab), logits);
}

// If all timestamps together are likelier than any one text token, one of them comes.
void TimestampRules::PreferTimestamps(float* logits) const {
  const size_t begin = static_cast<size_t>(limits_.timestamp_begin);
  const size_t count = static_cast<size_t>(limits_.n_vocab) - begin;
  const double timestamps = LogSoftmax(logits + begin, count).log_sum_exp();
  if (timestamps > Largest(logits, begin)) Forbid(0, limits_.timestamp_begin, logits);
}

}  // namespace sotto
