#include "whisper/word_timing.h"

#include <doctest.h>

namespace sotto {
namespace {

WordTiming Timing(const std::string& word, double start, double end) {
  return {word, {1}, start, end, 0.5};
}

std::vector<std::string> Texts(const std::vector<WordTiming>& words) {
  std::vector<std::string> texts;
  for (const WordTiming& word : words) texts.push_back(word.word);
  return texts;
}

TEST_CASE("the median duration is of words that last, 0.7 s at most") {
  CHECK(DurationsOf({Timing("a", 0, 0.25), Timing("b", 0.25, 0.25), Timing("c", 0.25, 0.75)})
            .median == 0.375);
  const WordDurations durations = DurationsOf({Timing("a", 0, 5)});
  CHECK(durations.median == 0.7);
  CHECK(durations.longest == 1.4);
  CHECK(DurationsOf({Timing("a", 1, 1)}).longest == 0);
}

TEST_CASE("long words at the ends of sentences are shortened, on the side of the pause") {
  std::vector<WordTiming> words = {Timing(" So", 0, 0.5), Timing(".", 0.5, 5), Timing(" And", 5, 8),
                                   Timing(" then", 8, 12)};
  ShortenAtSentenceEnds({0.5, 1}, &words);
  CHECK(words[1].end == 1.5);
  CHECK(words[2].start == 7);
  CHECK(words[3].start == 8);  // not beside a sentence's end
  CHECK(words[3].end == 12);
}

TEST_CASE("punctuation joins the word it belongs to") {
  std::vector<WordTiming> words = {Timing(" \"", 0, 1), Timing("Hi", 1, 2), Timing(",", 2, 3),
                                   Timing("\"", 3, 4), Timing(" he", 4, 5)};
  MergePunctuations("\"", ",\"", &words);
  CHECK(Texts(words) == std::vector<std::string>{"", " \"Hi,\"", "", "", " he"});
  CHECK(words[1].tokens.size() == 4);
  CHECK(words[1].start == 1);
}

TEST_CASE("few words are left as they are") {
  std::vector<WordTiming> words = {Timing(" (", 0, 1)};
  MergePunctuations("(", ")", &words);
  CHECK(Texts(words) == std::vector<std::string>{" ("});
  words.clear();
  MergePunctuations("(", ")", &words);
  CHECK(words.empty());
}

std::vector<Segment> TwoSegments() {
  std::vector<Segment> segments(2);
  segments[0].start = 10;
  segments[0].end = 12;
  segments[1].start = 12;
  segments[1].end = 14;
  return segments;
}

TEST_CASE("words go to segments by their tokens, and segments begin and end with them") {
  std::vector<Segment> segments = TwoSegments();
  GiveWordsToSegments({Timing(" a", 0.1, 0.5), Timing("", 0.5, 0.6), Timing(" b", 0.614, 1.9),
                       Timing(" c", 2.2, 3.7)},
                      {3, 1}, {0.5, 2}, 10, 10, &segments);
  REQUIRE(segments[0].words.size() == 2);
  CHECK(segments[0].words[1].word == " b");
  CHECK(segments[0].words[1].start == 10.61);
  CHECK(segments[0].start == 10.1);
  CHECK(segments[0].end == 11.9);
  REQUIRE(segments[1].words.size() == 1);
  CHECK(segments[1].start == 12.2);
  CHECK(segments[1].end == 13.7);
}

TEST_CASE("the first word after a pause is not much longer than others") {
  std::vector<Segment> segments = TwoSegments();
  GiveWordsToSegments({Timing(" a", 0, 3), Timing(" b", 3, 3.5)}, {2, 0}, {0.25, 0.5}, 10, 2,
                      &segments);
  CHECK(segments[0].words[0].start == 12.5);
  CHECK(segments[0].words[0].end == 13);
}

TEST_CASE("the first and the second word after a pause share what is believed") {
  std::vector<Segment> segments = TwoSegments();
  GiveWordsToSegments({Timing(" a", 0, 2), Timing(" b", 2, 3)}, {2, 0}, {0.25, 0.5}, 10, 2,
                      &segments);
  CHECK(segments[0].words[0].end == 12.5);
  CHECK(segments[0].words[1].start == 12.5);
  CHECK(segments[0].words[0].start == 12);
}

TEST_CASE("a segment's own times count where its first or last word is too long") {
  std::vector<Segment> segments = TwoSegments();
  segments[0].start = 11;
  GiveWordsToSegments({Timing(" a", 0, 1.5), Timing(" b", 1.5, 4)}, {2, 0}, {0.25, 9}, 10, 10,
                      &segments);
  CHECK(segments[0].start == 11);
  CHECK(segments[0].words[0].start == 11);
  CHECK(segments[0].end == 12);
  CHECK(segments[0].words[1].end == 12);
}

TEST_CASE("segments without words keep their times") {
  std::vector<Segment> segments = TwoSegments();
  GiveWordsToSegments({}, {0, 0}, {}, 10, 0, &segments);
  CHECK(segments[0].start == 10);
  CHECK(segments[1].end == 14);
}

}  // namespace
}  // namespace sotto
