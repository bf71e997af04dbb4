// Compared with the tokenizers package in test/embed/test_text_tokenizer.py.

#include "text/split_pattern.h"

#include <doctest.h>

#include <string>
#include <vector>

#include "text/utf8.h"

namespace sotto {
namespace {

using Expected = std::vector<std::string>;

Expected Matches(const std::string& pattern, const std::string& text) {
  const Result<SplitPattern> parsed = SplitPattern::Parse(pattern);
  REQUIRE(parsed.ok());
  const std::u32string points = CodePoints(text).value();
  const auto found = parsed->Find(points);
  REQUIRE(found.ok());
  Expected matches;
  for (const SplitPattern::Match& match : *found) {
    matches.push_back(ToUtf8(points.substr(match.begin, match.end - match.begin)));
  }
  return matches;
}

TEST_CASE("the first alternative that matches is taken, not the longest") {
  CHECK(Matches("a|ab|b", "abb") == Expected{"a", "b", "b"});
}

TEST_CASE("a repeat gives back what the rest of its alternative needs") {
  CHECK(Matches("[a-z]*c", "abcabx") == Expected{"abc"});
  CHECK(Matches(R"(\s+(?!\S)|\s+)", "a   b ") == Expected{"  ", " ", " "});
  CHECK(Matches("[a-z]{2,3}c", "abcc") == Expected{"abcc"});
}

TEST_CASE("a possessive repeat gives nothing back") {
  CHECK(Matches("[a-z]*+c|d", "abcd") == Expected{"d"});
}

TEST_CASE("an optional group is taken where it fits") {
  CHECK(Matches("[a-z]+(?i:'s|'t)?", "it'S isn't a'x") == Expected{"it'S", "isn't", "a", "x"});
}

TEST_CASE("a class holds characters, ranges and categories, or all but them") {
  CHECK(Matches(R"([\p{L}\d-]+)", "a-\u00e91, \u6771") == Expected{"a-\u00e91", "\u6771"});
  CHECK(Matches(R"([^\s\p{L}]+)", "a\u0301 1!") == Expected{"\u0301", "1!"});
  CHECK(Matches(R"([\S]+)", "a b") == Expected{"a", "b"});
}

TEST_CASE("a pattern whose work grows too fast is an error instead of a hang") {
  std::string pattern;
  for (int i = 0; i < 8; ++i) pattern += "a*";
  const Result<SplitPattern> parsed = SplitPattern::Parse(pattern + "b");
  REQUIRE(parsed.ok());
  const auto found = parsed->Find(std::u32string(2000, U'a'));
  REQUIRE(!found.ok());
  CHECK(found.error().code == ErrorCode::kBundle);
  CHECK(found.error().message.find("1000 steps a character") != std::string::npos);
}

}  // namespace
}  // namespace sotto
