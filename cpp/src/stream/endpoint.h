// Where speech begins and ends, from one probability a block: the hysteresis of Silero VAD's
// get_speech_timestamps (silero-vad 5, utils_vad.py), incrementally.

#ifndef SOTTO_SRC_STREAM_ENDPOINT_H_
#define SOTTO_SRC_STREAM_ENDPOINT_H_

#include <cstdint>

namespace sotto {

struct EndpointOptions {
  float threshold = 0.5f;         // a block with this probability or more is speech
  double silence = 0.5;           // seconds without speech that end an utterance
  double min_speech = 0.1;        // seconds of speech that an utterance has at least
  int64_t samples_a_block = 512;  // 32 ms
};

class Endpoint {
 public:
  enum class Event { kNone, kBegin, kEnd };

  explicit Endpoint(const EndpointOptions& options) : options_(options) {}

  // Takes in the next block. kBegin, once an utterance has its least speech, comes before kEnd.
  Event Push(float probability);

  // Between kBegin and kEnd.
  bool speaking() const { return speaking_; }

  // Sample at which the utterance begins; while there is none, at which one may be beginning.
  int64_t begin() const { return candidate_ ? begin_ : position_; }

  // Sample after the last block of speech.
  int64_t end() const { return end_; }

  // Samples since then.
  int64_t silence() const { return position_ - end_; }

 private:
  const EndpointOptions options_;
  int64_t position_ = 0;    // samples taken in
  bool candidate_ = false;  // something began at begin_
  bool speaking_ = false;
  bool in_speech_ = false;  // the last block was
  int64_t begin_ = 0;
  int64_t end_ = 0;
  int64_t voiced_ = 0;  // samples of speech since begin_
};

}  // namespace sotto

#endif  // SOTTO_SRC_STREAM_ENDPOINT_H_
