#include "whisper/window_segments.h"

#include <doctest.h>

#include "small_tokenizer.h"

namespace sotto {
namespace {

constexpr int kHello = 256;
constexpr int kWorld = 257;
constexpr int kZeroSeconds = 300;  // the timestamp of 0 s

WhisperVocabulary Ids() {
  WhisperVocabulary vocabulary;
  vocabulary.eot = 258;
  vocabulary.timestamp_begin = kZeroSeconds;
  return vocabulary;
}

// From log-mel frame 1000 on, 2000 frames of audio.
WindowSegments Slice(const std::vector<int>& tokens) {
  DecodedWindow decoded;
  decoded.tokens = tokens;
  for (size_t i = 0; i < tokens.size(); ++i) {
    decoded.token_logprobs.push_back(-static_cast<float>(i));
  }
  decoded.temperature = 0.2;
  decoded.avg_logprob = -0.5f;
  decoded.no_speech_prob = 0.25f;
  decoded.compression_ratio = 1.5f;
  return SliceWindow(decoded, 1000, 2000, Ids(), SmallTokenizer({" Hello", " world"}));
}

TEST_CASE("segments end where two timestamps meet, and the next window begins at the last pair") {
  const WindowSegments window = Slice({kZeroSeconds, kHello, kZeroSeconds + 60, kZeroSeconds + 70,
                                       kWorld, kZeroSeconds + 99, kZeroSeconds + 101, kHello});
  REQUIRE(window.segments.size() == 2);
  const Segment& first = window.segments[0];
  CHECK(first.text == " Hello");
  CHECK(first.start == 10.0);
  CHECK(first.end == 10.0 + 60 * 0.02);
  CHECK(first.seek == 1000);
  CHECK(first.tokens == std::vector<int>{kZeroSeconds, kHello, kZeroSeconds + 60});
  CHECK(first.token_logprobs == std::vector<float>{0, -1, -2});
  CHECK(first.temperature == 0.2);
  CHECK(first.avg_logprob == -0.5f);
  CHECK(first.no_speech_prob == 0.25f);
  CHECK(first.compression_ratio == 1.5f);
  CHECK(window.segments[1].text == " world");
  CHECK(window.segments[1].token_logprobs == std::vector<float>{-3, -4, -5});
  // " Hello" after the last pair is said again by the next window.
  CHECK_FALSE(window.single_timestamp_ending);
  CHECK(window.next_seek == 1000 + 2 * 99);
}

TEST_CASE("a single timestamp at the end says that nothing follows") {
  const WindowSegments window = Slice(
      {kZeroSeconds, kHello, kZeroSeconds + 60, kZeroSeconds + 70, kWorld, kZeroSeconds + 99});
  REQUIRE(window.segments.size() == 2);
  CHECK(window.segments[1].end == 10.0 + 99 * 0.02);
  CHECK(window.single_timestamp_ending);
  CHECK(window.next_seek == 3000);
}

TEST_CASE("without a pair of timestamps the window is one segment, to its last timestamp") {
  const WindowSegments window = Slice({kZeroSeconds, kHello, kZeroSeconds + 50});
  REQUIRE(window.segments.size() == 1);
  CHECK(window.segments[0].end == 11.0);
  CHECK(window.single_timestamp_ending);
  CHECK(window.next_seek == 3000);
}

TEST_CASE("without a timestamp but that of 0 s a segment lasts as long as its window's audio") {
  for (const std::vector<int>& tokens :
       {std::vector<int>{kHello, kWorld}, {kZeroSeconds, kHello}, {kHello, kZeroSeconds}}) {
    const WindowSegments window = Slice(tokens);
    REQUIRE(window.segments.size() == 1);
    CHECK(window.segments[0].start == 10.0);
    CHECK(window.segments[0].end == 30.0);
    CHECK(window.next_seek == 3000);
  }
}

TEST_CASE("a window without tokens is an empty segment") {
  const WindowSegments window = Slice({});
  REQUIRE(window.segments.size() == 1);
  CHECK(window.segments[0].tokens.empty());
  CHECK(window.segments[0].text.empty());
  CHECK_FALSE(window.single_timestamp_ending);
  CHECK(window.next_seek == 3000);
}

TEST_CASE("a text that ends at 0 s does not move on: the seek loop has to") {
  CHECK(Slice({kHello, kZeroSeconds, kZeroSeconds}).next_seek == 1000);
}

TEST_CASE("segments without time or text are emptied but counted") {
  std::vector<Segment> segments(3);
  for (Segment& segment : segments) {
    segment.end = 1;
    segment.text = " a";
    segment.tokens = {1};
    segment.token_logprobs = {-1};
    segment.words = {{" a", 0, 1, 1, {1}}};
  }
  segments[1].text = " \u3000";
  segments[2].start = 1;
  ClearEmpty(&segments);
  REQUIRE(segments.size() == 3);
  CHECK(segments[0].text == " a");
  CHECK(segments[0].words.size() == 1);
  for (size_t i : {1, 2}) {
    CHECK(segments[i].text.empty());
    CHECK(segments[i].tokens.empty());
    CHECK(segments[i].token_logprobs.empty());
    CHECK(segments[i].words.empty());
  }
}

}  // namespace
}  // namespace sotto
