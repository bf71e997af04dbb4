#include "stream/stream_cut.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace sotto {
namespace {

std::vector<Word> Words(const std::vector<std::string>& texts, const std::vector<double>& starts) {
  std::vector<Word> words;
  for (size_t i = 0; i < texts.size(); ++i) {
    Word word;
    word.word = texts[i];
    word.start = starts[i];
    word.end = starts[i] + 0.8;
    words.push_back(word);
  }
  return words;
}

TEST_CASE("without confirmed words there is no place to cut") {
  CHECK_FALSE(CutTime({}, 8, 0, 8).has_value());
}

TEST_CASE("two confirmed words stay where there is no pause") {
  const auto heard = Words({"a", "b", "c", "d"}, {0, 1, 2, 3});
  CHECK(*CutTime(heard, 4, 0, 8) == doctest::Approx(1.9));
}

TEST_CASE("the end of a sentence is preferred if it frees a third") {
  const auto heard = Words({"a", "b", "c.", "d", "e", "f"}, {0, 1, 2, 3, 4, 5});
  CHECK(*CutTime(heard, 6, 0, 8) == doctest::Approx(2.9));
  const auto early = Words({"a", "b.", "c", "d", "e", "f"}, {0, 1, 2, 3, 4, 5});
  CHECK(*CutTime(early, 6, 0, 8) == doctest::Approx(3.9));
}

TEST_CASE("a pause is cut at its middle, and needs no word behind it") {
  const auto heard = Words({"a", "b", "c.", "d"}, {0, 1, 2, 3.6});
  CHECK(*CutTime(heard, 4.5, 0, 8) == doctest::Approx(3.2));
  CHECK(*CutTime(Words({"a", "b", "c"}, {0, 1, 2}), 3.8, 0, 8) == doctest::Approx(3.3));
}

TEST_CASE("half a second of a long pause is kept") {
  CHECK(*CutTime(Words({"a"}, {0}), 8, 0, 8) == doctest::Approx(7.5));
}

TEST_CASE("a cut that frees next to nothing is none") {
  CHECK_FALSE(CutTime(Words({"a", "b", "c"}, {0, 1, 2}), 3, 0, 8).has_value());
}

}  // namespace
}  // namespace sotto
