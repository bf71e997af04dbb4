#include "vad/speech_source.h"

#include <doctest.h>

#include <numeric>

namespace sotto {
namespace {

std::vector<float> Ramp(size_t n) {
  std::vector<float> samples(n);
  std::iota(samples.begin(), samples.end(), 0.0f);
  return samples;
}

TEST_CASE("speech is the spans one after another, in every pass") {
  const std::vector<float> samples = Ramp(100000);
  ArraySource all(samples.data(), samples.size());
  SpeechSource speech(&all, {{10, 12}, {50000, 50003}, {99999, 100000}});
  for (int pass = 0; pass < 2; ++pass) {
    REQUIRE(speech.Rewind().ok());
    std::vector<float> out(10);
    const Result<size_t> n = ReadFully(&speech, out.data(), out.size());
    REQUIRE(n.ok());
    out.resize(*n);
    CHECK(out == std::vector<float>{10, 11, 50000, 50001, 50002, 99999});
  }
}

TEST_CASE("no spans are no samples, and a source that ends early ends the speech") {
  const std::vector<float> samples = Ramp(100);
  ArraySource all(samples.data(), samples.size());
  std::vector<float> out(500);
  SpeechSource none(&all, {});
  CHECK(ReadFully(&none, out.data(), 500).value() == 0);
  SpeechSource late(&all, {{90, 200}, {300, 400}});
  REQUIRE(late.Rewind().ok());
  CHECK(ReadFully(&late, out.data(), 500).value() == 10);
}

// Speech from 1 s to 3 s and from 10 s to 11 s.
const std::vector<SpeechSpan> kSpans = {{16000, 48000}, {160000, 176000}};

TEST_CASE("times in the speech are those in the source") {
  const SpeechTimes times(kSpans);
  CHECK(times.InSource(0, false) == 1.0);
  CHECK(times.InSource(1.5, false) == 2.5);
  CHECK(times.InSource(2.5, false) == 10.5);
  // At the border a beginning is the next span's, an end that of the span before.
  CHECK(times.InSource(2, false) == 10.0);
  CHECK(times.InSource(2, true) == 3.0);
  CHECK(times.InSource(3, true) == 11.0);
  CHECK(times.InSource(4, true) == 12.0);  // a timestamp past the end
}

TEST_CASE("times in the source are those in the speech, and silence is its border") {
  const SpeechTimes times(kSpans);
  CHECK(times.InSpeech(0) == 0.0);
  CHECK(times.InSpeech(2.5) == 1.5);
  CHECK(times.InSpeech(5) == 2.0);
  CHECK(times.InSpeech(10.25) == 2.25);
  CHECK(times.InSpeech(99) == 3.0);
  CHECK(SpeechTimes({}).InSpeech(5) == 0.0);
}

TEST_CASE("a segment's times are restored, a word within one span") {
  const SpeechTimes times(kSpans);
  Segment segment;
  segment.start = 0;
  segment.end = 2;
  times.Restore(&segment);
  CHECK(segment.start == 1);
  CHECK(segment.end == 3);
  // A word across the border belongs where its middle is.
  segment.words = {{" a", 0.5, 1, 1, {1}}, {" b", 1.9, 2.5, 1, {1}}};
  times.Restore(&segment);
  CHECK(segment.words[1].start == 9.9);
  CHECK(segment.words[1].end == 10.5);
  CHECK(segment.start == 1.5);
  CHECK(segment.end == 10.5);
}

}  // namespace
}  // namespace sotto
