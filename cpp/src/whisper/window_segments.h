// From one window's tokens to segments, and where the next window begins (whisper/transcribe.py).

#ifndef SOTTO_SRC_WHISPER_WINDOW_SEGMENTS_H_
#define SOTTO_SRC_WHISPER_WINDOW_SEGMENTS_H_

#include <cstdint>
#include <vector>

#include "sotto/tokenizer.h"
#include "sotto/transcription.h"
#include "whisper/decode_request.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// Seconds at which a log-mel frame begins.
double FrameTime(int64_t frame);

struct WindowSegments {
  std::vector<Segment> segments;
  int64_t next_seek = 0;  // log-mel frame at which the next window begins
  // The text ends with one timestamp: there is no speech after it, and the next window begins
  // where this one's audio ends.
  bool single_timestamp_ending = false;
};

// seek: the window's first log-mel frame; size: how many of them are audio.
WindowSegments SliceWindow(const DecodedWindow& decoded, int64_t seek, int64_t size,
                           const WhisperVocabulary& vocabulary, const Tokenizer& tokenizer);

// Empties segments that last no time or hold no text: they only count.
void ClearEmpty(std::vector<Segment>* segments);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WINDOW_SEGMENTS_H_
