// Text where nothing was said, told by its words' times (whisper/transcribe.py,
// hallucination_silence_threshold).

#ifndef SOTTO_SRC_WHISPER_HALLUCINATION_H_
#define SOTTO_SRC_WHISPER_HALLUCINATION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "sotto/transcription.h"
#include "whisper/window_segments.h"

namespace sotto {

// A window's place in the audio.
struct WindowPlace {
  int64_t seek = 0;            // its first log-mel frame
  int64_t size = 0;            // frames of it that are audio
  int64_t max_frames = 0;      // frames it spans with what it is padded with
  int64_t content_frames = 0;  // of the whole audio
};

// The end of the last word, of the last segment where there is none; none without segments.
std::optional<double> EndOfSpeech(const std::vector<Segment>& segments);

// Words of segments that are too short, too long or too improbable to have been said.
bool IsAnomalous(const Segment& segment);

// Where the next window begins by the words' times: where the last word ended. For segments
// with words; window->next_seek is changed only if the window ends with unfinished speech.
void SeekByWords(const WindowPlace& place, std::optional<double> silence_threshold,
                 WindowSegments* window);

// Takes away segments that are likely hallucinations in silence longer than `threshold` seconds
// and sets window->next_seek past that silence. last_speech: seconds, the end of the last word
// before the window. False if the window's first words are one: then none of its segments count,
// and the audio after the silence comes again.
bool SkipHallucinations(const WindowPlace& place, double threshold, double last_speech,
                        WindowSegments* window);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_HALLUCINATION_H_
