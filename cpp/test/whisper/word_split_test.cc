#include "whisper/word_split.h"

#include <doctest.h>

#include "small_tokenizer.h"

namespace sotto {
namespace {

// The words of `text`, a letter a token but for " you", and the end of text.
std::vector<std::string> Words(const std::string& text, const std::string& language) {
  const Tokenizer tokenizer = SmallTokenizer({" you"});
  std::vector<std::string> words;
  std::vector<int> tokens;
  for (const TokenWord& word : SplitToWords(tokenizer, tokenizer.Encode(text), language)) {
    words.push_back(word.word);
    tokens.insert(tokens.end(), word.tokens.begin(), word.tokens.end());
  }
  // All tokens are there, in order.
  std::vector<int> expected = tokenizer.Encode(text);
  expected.push_back(tokenizer.n_text());
  if (!words.empty() && words.back() == "<|endoftext|>") CHECK(tokens == expected);
  return words;
}

using Expected = std::vector<std::string>;

TEST_CASE("a word begins with a space, and punctuation is one of its own") {
  CHECK(Words(" Hi you, sir.", "en") == Expected{" Hi", " you", ",", " sir", ".", "<|endoftext|>"});
  CHECK(Words("Hi", "") == Expected{"Hi", "<|endoftext|>"});
}

TEST_CASE("a character of several tokens stays whole") {
  CHECK(Words(" \u00e9t\u00e9", "fr") == Expected{" \u00e9t\u00e9", "<|endoftext|>"});
}

TEST_CASE("languages without spaces are split at every character") {
  CHECK(Words("\u6771\u4eac", "ja") == Expected{"\u6771", "\u4eac", "<|endoftext|>"});
  CHECK(Words("\u6771\u4eac", "en") == Expected{"\u6771\u4eac", "<|endoftext|>"});
}

TEST_CASE("a text that ends within a character has no end of its own, as in the reference") {
  const Tokenizer tokenizer = SmallTokenizer({});
  // Two of the three bytes of a character: one replacement stands for both.
  const auto words = SplitToWords(tokenizer, {'a', 0xe6, 0x9d}, "ja");
  REQUIRE(words.size() == 2);
  CHECK(words[0].word == "a");
  CHECK(words[1].word == "\ufffd");
}

TEST_CASE("no text is the end alone") { CHECK(Words("", "en") == Expected{"<|endoftext|>"}); }

}  // namespace
}  // namespace sotto
