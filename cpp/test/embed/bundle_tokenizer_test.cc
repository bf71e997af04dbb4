#include "embed/bundle_tokenizer.h"

#include <doctest.h>

#include <string>
#include <vector>

namespace sotto {
namespace {

using Ids = std::vector<std::vector<int>>;

constexpr char kWords[] = R"({
  "pre_tokenizer": {"type": "WhitespaceSplit"},
  "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "query:": 3, "a": 4, "b": 5}}})";

TextEncoderSpec Spec(const std::string& json = kWords) {
  TextEncoderSpec text;
  text.tokenizer = FileView::InMemory("tokenizer.json", json);
  text.max_length = 5;
  text.prompts = {{"query", "query: "}, {"passage", ""}};
  return text;
}

TEST_CASE("texts have the model's prompt before them, and are cut to its length") {
  TextEncoderSpec text = Spec();
  const BundleTokenizer tokenizer(text);
  CHECK(tokenizer.Tokenize({"a", "a b a b"}, std::nullopt).value() ==
        Ids{{1, 4, 2}, {1, 4, 5, 4, 2}});
  CHECK(tokenizer.Tokenize({"a", ""}, "query").value() == Ids{{1, 3, 4, 2}, {1, 3, 2}});
  text.default_prompt = "query";
  CHECK(tokenizer.Tokenize({"a"}, std::nullopt).value() == Ids{{1, 3, 4, 2}});
  CHECK(tokenizer.Tokenize({"a"}, "").value() == Ids{{1, 4, 2}});
}

TEST_CASE("texts are padded where the model attends to padding") {
  TextEncoderSpec text = Spec();
  text.padded = true;
  text.pad_token = 5;
  CHECK(BundleTokenizer(text).Tokenize({"a"}, std::nullopt).value() == Ids{{1, 4, 2, 5, 5}});
}

TEST_CASE("what can't be tokenised is named") {
  const TextEncoderSpec text = Spec();
  const BundleTokenizer tokenizer(text);
  const auto invalid = tokenizer.Tokenize({"a", "\xff"}, std::nullopt);
  REQUIRE(!invalid.ok());
  CHECK(invalid.error().code == ErrorCode::kOption);
  CHECK(invalid.error().message.find("text 1: ") == 0);
  const auto unknown = tokenizer.Tokenize({"a"}, "other");
  REQUIRE(!unknown.ok());
  CHECK(unknown.error().message == "prompt other is not one of the model's: passage, query");
  const TextEncoderSpec damaged = Spec("{");
  const auto none = BundleTokenizer(damaged).Get();
  REQUIRE(!none.ok());
  CHECK(none.error().code == ErrorCode::kBundle);
  CHECK(none.error().message.find("tokenizer.json: ") == 0);
}

}  // namespace
}  // namespace sotto
