#include "whisper/seek_clips.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace sotto {

std::vector<SeekClip> SeekClips(const std::vector<double>& clip_timestamps,
                                int64_t content_frames) {
  std::vector<int64_t> points;
  for (double seconds : clip_timestamps) {
    // nearbyint rounds half to even, as Python's round does. No audio is 1e15 frames long.
    points.push_back(
        static_cast<int64_t>(std::nearbyint(std::min(seconds * kFramesPerSecond, 1e15))));
  }
  if (points.empty()) points.push_back(0);
  if (points.size() % 2 == 1) points.push_back(content_frames);
  std::vector<SeekClip> clips;
  for (size_t i = 0; i < points.size(); i += 2) {
    const SeekClip clip = {points[i], std::min(points[i + 1], content_frames)};
    if (clip.start < clip.end) clips.push_back(clip);
  }
  return clips;
}

}  // namespace sotto
