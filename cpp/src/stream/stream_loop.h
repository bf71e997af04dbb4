// What a stream does with its audio: holds it, listens for pauses, decodes when it is time, and
// confirms words. Model and detector are given to it.

#ifndef SOTTO_SRC_STREAM_STREAM_LOOP_H_
#define SOTTO_SRC_STREAM_STREAM_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sotto/error.h"
#include "sotto/stream.h"
#include "stream/endpoint.h"
#include "stream/local_agreement.h"
#include "stream/stream_buffer.h"

namespace sotto {

// One decoding of the audio held.
struct StreamHypothesis {
  bool usable = true;       // false: the decoder was caught in a loop, which says nothing
  std::vector<Word> words;  // in seconds from the first sample
  std::string language;
};

// Decodes samples [count] after the text of the tokens `prompt`, which is empty as long as nothing
// is confirmed; an empty language is to be detected.
using StreamDecode = std::function<Result<StreamHypothesis>(const float* samples, size_t count,
                                                            const std::vector<int>& prompt,
                                                            const std::string& language)>;

// Takes in samples [count]; gives the probability of speech for each block of 512 that is full.
using StreamDetect = std::function<Result<std::vector<float>>(const float* samples, size_t count)>;

// Not for several threads at once.
class StreamLoop {
 public:
  // options: valid. An empty `detect` takes everything for speech.
  StreamLoop(const StreamOptions& options, StreamDecode decode, StreamDetect detect);

  // As Stream's.
  Result<StreamUpdate> Push(const float* samples, size_t count);
  Result<StreamUpdate> Finish();

 private:
  Result<void> TakeIn(const float* samples, size_t count);
  // Finds where speech begins and ends in samples that have just been buffered.
  Result<void> Listen(const float* samples, size_t count);
  void DropSilence();
  bool IsDue() const;
  bool IsHeardToItsEnd() const;
  Result<void> Decode();
  Result<void> Take(std::vector<Word> words);
  bool IsPaused() const;
  Result<void> EndUtterance();
  Result<void> MakeRoom();
  bool Trim();  // whether there was something to drop
  double Unheard() const;
  void Drop(int64_t before);
  void Confirm(const std::vector<Word>& words);
  void Remember(const std::vector<Word>& words);
  StreamUpdate TakeUpdate(double compute_ms);

  const StreamOptions options_;
  const StreamDecode decode_;
  const StreamDetect detect_;
  StreamBuffer buffer_;
  Endpoint endpoint_;
  LocalAgreement agreement_;
  bool in_utterance_;        // the buffer holds one that has not been confirmed to its end
  int64_t ended_ = 0;        // sample at which the last utterance did
  std::vector<int> prompt_;  // tokens: the end of what is confirmed and no longer held
  std::string language_;     // once known
  bool language_is_sure_;    // given, or words were confirmed in it
  int64_t pushed_ = 0;       // samples
  int64_t decoded_ = 0;      // sample up to which audio was decoded or is known to be silent
  bool finished_ = false;
  StreamUpdate pending_;  // of the call in progress, and of one that failed
};

}  // namespace sotto

#endif  // SOTTO_SRC_STREAM_STREAM_LOOP_H_
