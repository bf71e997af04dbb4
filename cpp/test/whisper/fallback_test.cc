#include "whisper/fallback.h"

#include <doctest.h>

namespace sotto {
namespace {

DecodedWindow Decoded(float avg_logprob, float compression_ratio, float no_speech_prob) {
  DecodedWindow decoded;
  decoded.avg_logprob = avg_logprob;
  decoded.compression_ratio = compression_ratio;
  decoded.no_speech_prob = no_speech_prob;
  return decoded;
}

TEST_CASE("a text that is too repetitive or too unsure is tried again") {
  const TranscribeOptions options;
  CHECK_FALSE(NeedsFallback(Decoded(-0.5f, 1.5f, 0.1f), options));
  CHECK(NeedsFallback(Decoded(-0.5f, 2.5f, 0.1f), options));
  CHECK(NeedsFallback(Decoded(-1.5f, 1.5f, 0.1f), options));
}

TEST_CASE("silence is not tried again, even if its text is repetitive") {
  const TranscribeOptions options;
  CHECK_FALSE(NeedsFallback(Decoded(-1.5f, 1.5f, 0.7f), options));
  CHECK_FALSE(NeedsFallback(Decoded(-1.5f, 2.5f, 0.7f), options));
  CHECK(NeedsFallback(Decoded(-0.5f, 2.5f, 0.7f), options));  // sure of the text: no silence
}

TEST_CASE("a threshold that is unset tests nothing") {
  TranscribeOptions options;
  options.compression_ratio_threshold.reset();
  CHECK_FALSE(NeedsFallback(Decoded(-0.5f, 99, 0.1f), options));
  options.no_speech_threshold.reset();
  CHECK(NeedsFallback(Decoded(-1.5f, 1, 0.9f), options));
  CHECK_FALSE(IsSilence(Decoded(-9, 1, 1), options));
  options.logprob_threshold.reset();
  CHECK_FALSE(NeedsFallback(Decoded(-9, 99, 1), options));
}

TEST_CASE("a window is skipped as silence unless its text is sure") {
  TranscribeOptions options;
  CHECK(IsSilence(Decoded(-1.5f, 1, 0.7f), options));
  CHECK_FALSE(IsSilence(Decoded(-0.5f, 1, 0.7f), options));
  CHECK_FALSE(IsSilence(Decoded(-1.5f, 1, 0.5f), options));
  options.logprob_threshold.reset();
  CHECK(IsSilence(Decoded(-0.5f, 1, 0.7f), options));
}

}  // namespace
}  // namespace sotto
