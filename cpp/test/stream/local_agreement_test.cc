#include "stream/local_agreement.h"

#include <doctest.h>

#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace sotto {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

// "a b c": words of 0.3 s, one every 0.4 s.
std::vector<Word> Said(const std::string& text, double start = 0) {
  std::vector<Word> words;
  std::istringstream stream(text);
  for (std::string piece; stream >> piece;) {
    Word word;
    word.word = " " + piece;
    word.start = start + 0.4 * static_cast<double>(words.size());
    word.end = word.start + 0.3;
    words.push_back(word);
  }
  return words;
}

std::string Text(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += word.word;
  return text;
}

TEST_CASE("a word is confirmed when two decodings in a row agree on it and on all before it") {
  LocalAgreement agreement(2);
  CHECK(Text(agreement.Insert(Said("ask knot"), kForever)) == "");
  CHECK(Text(agreement.tentative()) == " ask knot");
  CHECK(Text(agreement.Insert(Said("ask not what"), kForever)) == " ask");
  CHECK(Text(agreement.Insert(Said("ask not what your"), kForever)) == " not what");
  CHECK(Text(agreement.tentative()) == " your");
  CHECK(Text(agreement.Insert(Said("ask not what our country"), kForever)) == "");
  CHECK(Text(agreement.Insert(Said("ask not what your country"), kForever)) == "");
  CHECK(Text(agreement.Insert(Said("ask not what your country can"), kForever)) == " your country");
}

TEST_CASE("n decodings must agree where n are asked for") {
  LocalAgreement three(3);
  CHECK(Text(three.Insert(Said("a b"), kForever)) == "");
  CHECK(Text(three.Insert(Said("a b c"), kForever)) == "");
  CHECK(Text(three.Insert(Said("a x c d"), kForever)) == " a");
  LocalAgreement one(1);
  CHECK(Text(one.Insert(Said("a b"), kForever)) == " a b");
  CHECK(Text(one.Insert(Said("a b c"), kForever)) == " c");
}

TEST_CASE("a confirmed word stays as it was when it is heard differently later") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("ask not"), kForever);
  CHECK(Text(agreement.Insert(Said("ask not"), kForever)) == " ask not");
  CHECK(Text(agreement.Insert(Said("Ask knot, what"), kForever)) == "");
  CHECK(Text(agreement.Insert(Said("Tusk knot, what"), kForever)) == " what");
}

TEST_CASE("the newest decoding's spelling and times are confirmed") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("country"), kForever);
  const std::vector<Word> confirmed = agreement.Insert(Said("Country,", 0.1), kForever);
  REQUIRE(Text(confirmed) == " Country,");
  CHECK(confirmed[0].start == doctest::Approx(0.1));
}

TEST_CASE("words that end after the stable part stay tentative") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("a b c"), kForever);
  CHECK(Text(agreement.Insert(Said("a b c"), 0.9)) == " a b");
  CHECK(Text(agreement.Insert(Said("a b c"), 1.1)) == " c");
}

TEST_CASE("an empty decoding confirms nothing and takes nothing back") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("a b"), kForever);
  CHECK(Text(agreement.Insert({}, kForever)) == "");
  CHECK(Text(agreement.tentative()) == "");
  CHECK(Text(agreement.Insert(Said("a b"), kForever)) == "");
  CHECK(Text(agreement.Insert(Said("a b"), kForever)) == " a b");
}

TEST_CASE("confirmation can be forced up to a time, and goes on from there") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("x y z"), kForever);
  agreement.Insert(Said("a b c d"), kForever);
  CHECK(Text(agreement.ConfirmUntil(0.75)) == " a b");
  CHECK(Text(agreement.tentative()) == " c d");
  CHECK(Text(agreement.Insert(Said("a b c e"), kForever)) == " c");
}

TEST_CASE("times of confirmed words do not go backwards") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("a b"), kForever);
  agreement.Insert(Said("a b c", 0.2), kForever);
  const std::vector<Word> confirmed = agreement.Insert(Said("a b c"), kForever);
  REQUIRE(Text(confirmed) == " c");
  CHECK(confirmed[0].start == doctest::Approx(0.9));
  CHECK(confirmed[0].end == doctest::Approx(1.1));
}

TEST_CASE("words of audio that is dropped are not looked for again") {
  LocalAgreement agreement(2);
  agreement.Insert(Said("a b c"), kForever);
  agreement.Insert(Said("a b c"), kForever);
  CHECK(Text(agreement.Forget(0.35)) == " a");
  CHECK(Text(agreement.heard()) == " b c");
  CHECK(Text(agreement.Insert(Said("b c d", 0.4), kForever)) == "");
  CHECK(Text(agreement.tentative()) == " d");
  CHECK(Text(agreement.Clear()) == " b c");
  CHECK(agreement.tentative().empty());
  agreement.Insert(Said("d", 1.2), kForever);
  CHECK(Text(agreement.Insert(Said("d", 1.2), kForever)) == " d");
}

}  // namespace
}  // namespace sotto
