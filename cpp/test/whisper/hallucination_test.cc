#include "whisper/hallucination.h"

#include <doctest.h>

namespace sotto {
namespace {

Segment Said(double start, double end, float probability = 0.9f) {
  Segment segment;
  segment.start = start;
  segment.end = end;
  segment.words = {{" word", start, end, probability, {1}}};
  return segment;
}

// A window of 30 s, 10 s into 100 s of audio.
constexpr WindowPlace kPlace = {1000, 3000, 3000, 10000};

WindowSegments WindowOf(std::vector<Segment> segments) {
  WindowSegments window;
  window.segments = std::move(segments);
  window.next_seek = 4000;
  return window;
}

TEST_CASE("speech ends with the last word, or with the last segment where there is none") {
  CHECK_FALSE(EndOfSpeech({}).has_value());
  Segment silent = Said(3, 4);
  silent.words.clear();
  CHECK(EndOfSpeech({Said(1, 2), silent}) == 2.0);
  CHECK(EndOfSpeech({silent}) == 4.0);
}

TEST_CASE("words that are improbable, too short or too long make a segment anomalous") {
  CHECK_FALSE(IsAnomalous(Said(0, 0.5)));
  CHECK(IsAnomalous(Said(0, 0.5, 0.1f)));
  CHECK(IsAnomalous(Said(0, 0.05)));
  CHECK(IsAnomalous(Said(0, 3.5)));
  CHECK_FALSE(IsAnomalous(Segment{}));
  // Punctuation is not judged; of a long segment, three points are enough.
  Segment segment = Said(0, 0.5);
  segment.words.push_back({".", 0.5, 0.5, 0, {2}});
  CHECK_FALSE(IsAnomalous(segment));
}

TEST_CASE("the next window begins where the last word ended") {
  WindowSegments window = WindowOf({Said(12, 13), Said(14, 15.504)});
  SeekByWords(kPlace, std::nullopt, &window);
  CHECK(window.next_seek == 1550);
  window.next_seek = 4000;
  window.single_timestamp_ending = true;
  SeekByWords(kPlace, std::nullopt, &window);
  CHECK(window.next_seek == 4000);
}

TEST_CASE("with a silence threshold a word near the window's end takes all of the window") {
  WindowSegments window = WindowOf({Said(38, 39.5)});
  SeekByWords(kPlace, 1.0, &window);
  CHECK(window.next_seek == 4000);
  SeekByWords(kPlace, 0.2, &window);
  CHECK(window.next_seek == 3950);
}

TEST_CASE("words that end where the window begins do not hold it") {
  for (const double end : {9.0, 10.0, 10.004}) {
    WindowSegments window = WindowOf({Said(9, end)});
    SeekByWords(kPlace, std::nullopt, &window);
    CHECK(window.next_seek == 4000);
  }
}

TEST_CASE("silence before a doubtful beginning is skipped and the rest comes again") {
  WindowSegments window = WindowOf({Said(15, 15.5, 0.1f), Said(16, 17)});
  CHECK_FALSE(SkipHallucinations(kPlace, 2, 10, &window));
  CHECK(window.next_seek == 1500);
}

TEST_CASE("a gap of less than a frame is not skipped: the window would come again") {
  WindowSegments window = WindowOf({Said(10.004, 10.5, 0.1f)});
  CHECK(SkipHallucinations(kPlace, 0, 10, &window));
}

TEST_CASE("a doubtful segment in silence is taken away with all after it") {
  WindowSegments window = WindowOf({Said(11, 12), Said(20, 20.5, 0.1f), Said(30, 31)});
  CHECK(SkipHallucinations(kPlace, 2, 10, &window));
  CHECK(window.segments.size() == 1);
  CHECK(window.next_seek == 2000);
}

TEST_CASE("a doubtful segment among speech stays") {
  WindowSegments window = WindowOf({Said(13, 19.5), Said(20, 20.5, 0.1f), Said(21, 22)});
  window.segments[0].words = {{" one", 13, 14, 1, {1}}, {" two", 14, 15, 1, {1}}};
  CHECK(SkipHallucinations(kPlace, 2, 10, &window));
  CHECK(window.segments.size() == 3);
  CHECK(window.next_seek == 4000);
}

TEST_CASE("a hallucination at the audio's end ends it") {
  const WindowPlace place = {1000, 3000, 3000, 4000};
  WindowSegments window = WindowOf({Said(11, 12), Said(39, 39.5, 0.1f)});
  CHECK(SkipHallucinations(place, 2, 10, &window));
  CHECK(window.segments.size() == 1);
  CHECK(window.next_seek == 4000);
}

}  // namespace
}  // namespace sotto
