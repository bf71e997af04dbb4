#include "stream/endpoint.h"

#include <algorithm>

#include "sotto/log_mel.h"

namespace sotto {
namespace {

// Speech goes on down to this much under the threshold, as in Silero's own code.
constexpr float kHysteresis = 0.15f;
constexpr float kMinThreshold = 0.01f;

int64_t WholeSamples(double seconds) { return static_cast<int64_t>(seconds * kSampleRate); }

}  // namespace

Endpoint::Event Endpoint::Push(float probability) {
  const int64_t block = position_;
  position_ += options_.samples_a_block;
  const float threshold =
      in_speech_ ? std::max(options_.threshold - kHysteresis, kMinThreshold) : options_.threshold;
  in_speech_ = probability >= threshold;
  if (in_speech_) {
    if (!candidate_) {
      candidate_ = true;
      begin_ = block;
      voiced_ = 0;
    }
    voiced_ += options_.samples_a_block;
    end_ = position_;
    if (!speaking_ && voiced_ >= WholeSamples(options_.min_speech)) {
      speaking_ = true;
      return Event::kBegin;
    }
    return Event::kNone;
  }
  if (candidate_ && silence() >= WholeSamples(options_.silence)) {
    candidate_ = false;
    if (speaking_) {
      speaking_ = false;
      return Event::kEnd;
    }
  }
  return Event::kNone;
}

}  // namespace sotto
