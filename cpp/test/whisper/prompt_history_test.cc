#include "whisper/prompt_history.h"

#include <doctest.h>

#include "small_bundle.h"
#include "small_tokenizer.h"

namespace sotto {
namespace {

// A context of 18: a prompt has room for 8 tokens.
WhisperBundle Context() {
  WhisperBundle bundle = SmallBundleValues();
  bundle.decoder.context = 18;
  return bundle;
}

PromptHistory Make(const TranscribeOptions& options) {
  Result<PromptHistory> history = PromptHistory::Create(options, Context(), SmallTokenizer({}));
  REQUIRE(history.ok());
  return std::move(history).value();
}

std::string Refusal(const TranscribeOptions& options) {
  const Result<PromptHistory> history =
      PromptHistory::Create(options, Context(), SmallTokenizer({}));
  REQUIRE_FALSE(history.ok());
  CHECK(history.error().code == ErrorCode::kOption);
  return history.error().message;
}

// Tokens are bytes here.
std::string Text(const std::vector<int>& tokens) { return SmallTokenizer({}).Decode(tokens); }

std::vector<int> Tokens(const std::string& text) { return SmallTokenizer({}).Encode(text); }

TEST_CASE("the prompt is what windows gave, its end where it is longer than the room") {
  PromptHistory history = Make({});
  CHECK(history.Prompt().empty());
  history.Append(Tokens("abc"));
  history.Append(Tokens("defgh"));
  CHECK(Text(history.Prompt()) == "abcdefgh");
  history.Append(Tokens("ij"));
  CHECK(Text(history.Prompt()) == "cdefghij");
}

TEST_CASE("the initial prompt comes first and goes as the text before does") {
  TranscribeOptions options;
  options.initial_prompt = "  xy ";
  PromptHistory history = Make(options);
  CHECK(Text(history.Prompt()) == " xy");
  history.Append(Tokens("abcdefg"));
  CHECK(Text(history.Prompt()) == "yabcdefg");
  history.Reset();
  CHECK(history.Prompt().empty());
}

TEST_CASE("an initial prompt that is too long is cut to its end, as in the reference") {
  TranscribeOptions options;
  options.initial_prompt = "0123456789";
  CHECK(Text(Make(options).Prompt()) == "23456789");
}

TEST_CASE("a carried prompt stays before the text, which gets the rest of the room") {
  TranscribeOptions options;
  options.initial_prompt = "xy";
  options.carry_initial_prompt = true;
  PromptHistory history = Make(options);
  history.Append(Tokens("abcdefg"));
  CHECK(Text(history.Prompt()) == " xycdefg");
  history.Reset();
  CHECK(Text(history.Prompt()) == " xy");
}

TEST_CASE("a carried prompt that does not fit is refused with its length and the room") {
  TranscribeOptions options;
  options.carry_initial_prompt = true;
  options.initial_prompt = "1234567";
  CHECK(Text(Make(options).Prompt()) == " 1234567");
  options.initial_prompt = "12345678";
  CHECK(Refusal(options).find("initial_prompt has 9 tokens: expected 0 to 8") == 0);
  options.initial_prompt = "12345";
  options.hotwords = "xy";
  CHECK(Refusal(options).find("initial_prompt has 6 tokens: expected 0 to 5") == 0);
}

TEST_CASE("hotwords go before everything and are cut to the room") {
  TranscribeOptions options;
  options.hotwords = "hot";
  PromptHistory history = Make(options);
  history.Append(Tokens("abcdefg"));
  CHECK(Text(history.Prompt()) == " hotdefg");
  history.Reset();
  CHECK(Text(history.Prompt()) == " hot");
  options.hotwords = "0123456789";
  CHECK(Text(Make(options).Prompt()) == " 0123456");
}

TEST_CASE("a prefix takes the hotwords' place") {
  TranscribeOptions options;
  options.hotwords = "hot";
  options.prefix = "So";
  const PromptHistory history = Make(options);
  CHECK(history.Prompt().empty());
  CHECK(Text(history.prefix()) == " So");
}

TEST_CASE("a prefix of more than half the context is refused") {
  TranscribeOptions options;
  options.prefix = "12345678";
  CHECK(Refusal(options).find("prefix has 9 tokens: expected 0 to 8") == 0);
}

}  // namespace
}  // namespace sotto
