// Which parts of the audio are transcribed (whisper/transcribe.py, clip_timestamps).

#ifndef SOTTO_SRC_WHISPER_SEEK_CLIPS_H_
#define SOTTO_SRC_WHISPER_SEEK_CLIPS_H_

#include <cstdint>
#include <vector>

namespace sotto {

inline constexpr double kFramesPerSecond = 100;  // of the log-mel spectrogram

// Log-mel frames, `end` excluded.
struct SeekClip {
  int64_t start = 0;
  int64_t end = 0;
};

// clip_timestamps: seconds start, end, start, end …, not negative and ascending; a last one
// without end goes to the audio's end; none: all of it. Ends are cut to `content_frames`: past
// them, the reference tries for ever to transcribe nothing.
std::vector<SeekClip> SeekClips(const std::vector<double>& clip_timestamps, int64_t content_frames);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SEEK_CLIPS_H_
