#include "whisper/word_match.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace sotto {
namespace {

// Words of 0.3 s, 0.1 s apart, from `start` on.
std::vector<Word> Words(const std::vector<std::string>& texts, double start = 0) {
  std::vector<Word> words;
  for (const std::string& text : texts) {
    Word word;
    word.word = " " + text;
    word.start = start + 0.4 * static_cast<double>(words.size());
    word.end = word.start + 0.3;
    words.push_back(word);
  }
  return words;
}

TEST_CASE("words are compared without case, white space and punctuation at their ends") {
  CHECK(Folded(" Country,") == "country");
  CHECK(Folded(" \"don't!\"") == "don't");
  CHECK(Folded(" well-known…") == "well-known");
  CHECK(Folded(" ÉCOLE") == "école");
  CHECK(Folded(" ŠKODA") == "škoda");
  CHECK(Folded(" ΑΘΗΝΑ;") == "αθηνα");
  CHECK(Folded(" ЁЖ.") == "ёж");
  CHECK(Folded("「東京。」") == "東京");
  CHECK(Folded(" $5.50") == "5.50");
}

TEST_CASE("a word of punctuation alone, and bytes that are no UTF-8, stay what they are") {
  CHECK(Folded(" -") == " -");
  CHECK(Folded("") == "");
  CHECK(Folded("\xE6\x9D") == "\xE6\x9D");
  CHECK(Folded("a\xFF") == "a\xFF");
}

TEST_CASE("words heard again are found by their text") {
  const auto confirmed = Words({"ask", "not", "what"});
  CHECK(HeardAgain({}, Words({"ask"})) == 0);
  CHECK(HeardAgain(confirmed, {}) == 0);
  CHECK(HeardAgain(confirmed, Words({"ask", "not", "what", "your"})) == 3);
  CHECK(HeardAgain(confirmed, Words({"Ask", "not,", "what", "your"})) == 3);
}

TEST_CASE("a confirmed word that is now heard differently is still heard again") {
  const auto confirmed = Words({"ask", "not", "what"});
  CHECK(HeardAgain(confirmed, Words({"ask", "knot", "what", "your"})) == 3);
  CHECK(HeardAgain(confirmed, Words({"ask", "not", "that", "your"})) == 3);
  CHECK(HeardAgain(confirmed, Words({"ask", "him", "not", "what", "your"}, -0.3)) == 4);
  CHECK(HeardAgain(confirmed, Words({"not", "what", "your"}, 0.4)) == 2);
}

TEST_CASE("a decoding that skips what was confirmed says nothing of it again") {
  CHECK(HeardAgain(Words({"ask", "not", "what"}), Words({"your", "country"}, 1.2)) == 0);
}

TEST_CASE("a word said twice is told from one heard twice by its time") {
  const auto confirmed = Words({"no", "no"});
  CHECK(HeardAgain(confirmed, Words({"no", "no", "no"})) == 2);
  CHECK(HeardAgain(confirmed, Words({"no"}, 0.4)) == 1);
  CHECK(HeardAgain(confirmed, Words({"no"}, 2.0)) == 0);
}

TEST_CASE("a word before a pause is heard again, though its time is far off") {
  auto again = Words({"fellow", "Americans", "ask"}, 0.1);
  again[1].start += 0.7;
  again[1].end += 0.7;
  again[2].start += 1.4;
  again[2].end += 1.4;
  CHECK(HeardAgain(Words({"fellow", "Americans"}), again) == 2);
}

TEST_CASE("times that drift by less than a word do not repeat or swallow one") {
  const auto confirmed = Words({"ask", "not", "what"});
  for (const double drift : {-0.25, -0.1, 0.1, 0.25}) {
    CHECK(HeardAgain(confirmed, Words({"ask", "not", "what", "your"}, drift)) == 3);
    CHECK(HeardAgain(Words({"no", "no"}), Words({"no", "no", "yes"}, drift)) == 2);
  }
}

}  // namespace
}  // namespace sotto
