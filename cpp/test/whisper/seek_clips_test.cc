#include "whisper/seek_clips.h"

#include <doctest.h>

#include <utility>

namespace sotto {
namespace {

using Frames = std::vector<std::pair<int64_t, int64_t>>;

Frames Clips(const std::vector<double>& clip_timestamps, int64_t content_frames) {
  Frames frames;
  for (const SeekClip& clip : SeekClips(clip_timestamps, content_frames)) {
    frames.emplace_back(clip.start, clip.end);
  }
  return frames;
}

TEST_CASE("without clips all of the audio is one") {
  CHECK(Clips({}, 1100) == Frames{{0, 1100}});
  CHECK(Clips({0}, 1100) == Frames{{0, 1100}});
}

TEST_CASE("clips are pairs of seconds, and the last may have no end") {
  CHECK(Clips({1, 2.5, 4}, 1100) == Frames{{100, 250}, {400, 1100}});
  CHECK(Clips({1, 2.5, 4, 5}, 1100) == Frames{{100, 250}, {400, 500}});
}

TEST_CASE("half a frame goes to the even one, as in Python") {
  CHECK(Clips({0.125, 0.135}, 1100) == Frames{{12, 14}});
}

TEST_CASE("what lies past the audio is cut off, where the reference stays for ever") {
  CHECK(Clips({0, 4, 8, 12}, 1100) == Frames{{0, 400}, {800, 1100}});
  CHECK(Clips({11, 12, 20}, 1100).empty());
  CHECK(Clips({1e300}, 1100).empty());
  CHECK(Clips({}, 0).empty());
}

TEST_CASE("a clip that lasts no frame is none") { CHECK(Clips({3, 3, 4, 4.001}, 1100).empty()); }

}  // namespace
}  // namespace sotto
