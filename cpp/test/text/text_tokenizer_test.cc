// Compared with the tokenizers package in test/embed/test_text_tokenizer.py.

#include "sotto/text_tokenizer.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace sotto {
namespace {

using Ids = std::vector<int>;

constexpr char kBert[] = R"({
  "added_tokens": [{"content": "[MASK]", "special": true, "single_word": false, "lstrip": true,
                    "rstrip": false, "normalized": false, "id": 3}],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                 "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 6,
            "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[MASK]": 3, "ta": 4, "##ble": 5,
                      "##\u6771": 6, "\u6771": 7, ",": 8, "table": 9, "##s": 10}}})";

TextTokenizer Parse(const std::string& json) {
  Result<TextTokenizer> tokenizer = TextTokenizer::Parse(json);
  REQUIRE(tokenizer.ok());
  return std::move(tokenizer).value();
}

Ids Encode(const TextTokenizer& tokenizer, const std::string& text, size_t max_length = 64) {
  const auto ids = tokenizer.Encode(text, max_length);
  REQUIRE(ids.ok());
  return *ids;
}

TEST_CASE("WordPiece takes the longest token that a word begins with") {
  const TextTokenizer tokenizer = Parse(kBert);
  CHECK(Encode(tokenizer, "Tables, T\u00e1ble") == Ids{1, 9, 10, 8, 9, 2});
  CHECK(Encode(tokenizer, "tables tablets") == Ids{1, 9, 10, 0, 2});  // too long is unknown
  CHECK(Encode(tokenizer, "\u6771\u6771") == Ids{1, 7, 7, 2});
  CHECK(Encode(tokenizer, "") == Ids{1, 2});
}

TEST_CASE("an added token is found in the text, with the white space that it takes") {
  const TextTokenizer tokenizer = Parse(kBert);
  CHECK(Encode(tokenizer, "ta \n[MASK]s") == Ids{1, 4, 3, 0, 2});
  CHECK(Encode(tokenizer, "[mask]") == Ids{1, 0, 0, 0, 2});
}

TEST_CASE("what is too long is cut off before the special tokens after it") {
  const TextTokenizer tokenizer = Parse(kBert);
  CHECK(Encode(tokenizer, "ta ta ta", 4) == Ids{1, 4, 4, 2});
  CHECK(tokenizer.EncodePlain("ta ta ta", 2).value() == Ids{4, 4});
  CHECK(tokenizer.special() == 2);
  CHECK(tokenizer.Encode("ta", 1).error().code == ErrorCode::kOption);
}

TEST_CASE("a text that is not valid UTF-8 is refused") {
  const TextTokenizer tokenizer = Parse(kBert);
  for (const std::string text : {"\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    const auto ids = tokenizer.Encode(text, 64);
    REQUIRE(!ids.ok());
    CHECK(ids.error().code == ErrorCode::kOption);
    CHECK(ids.error().message.find("not valid UTF-8") != std::string::npos);
  }
}

TEST_CASE("BPE joins the neighbours that were joined first in training") {
  const TextTokenizer tokenizer = Parse(R"({
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "\u0120": 2, "ab": 3, "\u0120a": 4,
                                       "ba": 5, "aba": 6},
              "merges": [["b", "a"], "a b", ["\u0120", "a"], ["a", "ba"]]}})");
  CHECK(Encode(tokenizer, "aba ab") == Ids{6, 2, 3});
  CHECK(Encode(tokenizer, "bab") == Ids{5, 1});
  CHECK(Encode(tokenizer, "c") == Ids{});  // neither known nor with a token for that
}

TEST_CASE("a file that is no tokenizer is an error") {
  for (const std::string json : {"", "[]", "{}", R"({"model": {"type": "Unigram"}})"}) {
    const auto tokenizer = TextTokenizer::Parse(json);
    REQUIRE(!tokenizer.ok());
    CHECK(tokenizer.error().code == ErrorCode::kBundle);
  }
}

TEST_CASE("a copy is the same tokenizer") {
  TextTokenizer first = Parse(kBert);
  const TextTokenizer second = first;
  first = Parse(kBert);
  CHECK(Encode(second, "ta") == Ids{1, 4, 2});
}

}  // namespace
}  // namespace sotto
