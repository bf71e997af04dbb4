// Decoding is compared with tiktoken's and Python's in test/runtime/test_tokenizer.py.

#include "sotto/tokenizer.h"

#include <doctest.h>

#include <random>
#include <string>

#include "has.h"
#include "small_tokenizer.h"
#include "temporary_file.h"

namespace sotto {
namespace {

// "a", "bc", "def", the two halves of "é", and Whisper's empty token.
const char kFile[] = "YQ== 0\nYmM= 1\nZGVm 2\nww== 3\nqQ== 4\n= 5\n";
constexpr int kCount = 6;

Tokenizer Open(const std::string& text, int n_text) {
  Result<Tokenizer> tokenizer = Tokenizer::Open(*FileView::InMemory("some.tiktoken", text), n_text);
  REQUIRE(tokenizer.ok());
  return std::move(tokenizer).value();
}

std::string Refusal(const std::string& text, int n_text) {
  const Result<Tokenizer> tokenizer =
      Tokenizer::Open(*FileView::InMemory("some.tiktoken", text), n_text);
  REQUIRE_FALSE(tokenizer.ok());
  CHECK(tokenizer.error().code == ErrorCode::kBundle);
  CHECK(tokenizer.error().message.find("some.tiktoken: ") == 0);
  return tokenizer.error().message;
}

TEST_CASE("tokens decode to their bytes, and special tokens to none") {
  const Tokenizer tokenizer = Open(kFile, kCount);
  CHECK(tokenizer.n_text() == kCount);
  CHECK(tokenizer.DecodeBytes({2, 0, 1}) == "defabc");
  CHECK(tokenizer.DecodeBytes({kCount, 0, 50364, 5, -1, 1}) == "abc");
  CHECK(tokenizer.DecodeBytes({}).empty());
}

TEST_CASE("a character that two tokens share is whole in their text, and alone it is replaced") {
  const Tokenizer tokenizer = Open(kFile, kCount);
  CHECK(tokenizer.Decode({3, 4}) == "\u00e9");
  CHECK(tokenizer.Decode({0, 3}) == "a\ufffd");
  CHECK(tokenizer.Decode({4, 0}) ==
        "\ufffd"
        "a");
}

TEST_CASE("text is encoded by joining the neighbours of the lowest rank first") {
  // "ab" is joined before "bc", and "abc" is no token; "xyz" is one though none of its parts is.
  const Tokenizer tokenizer = SmallTokenizer({"ab", "bc", "aab", "xyz", " ab"});
  CHECK(tokenizer.Encode("abc") == std::vector<int>{256, 'c'});
  CHECK(tokenizer.Encode("aabc") == std::vector<int>{258, 'c'});
  CHECK(tokenizer.Encode("abab") == std::vector<int>{256, 256});
  CHECK(tokenizer.Encode("xyz") == std::vector<int>{259});
  CHECK(tokenizer.Encode("xyzx") == std::vector<int>{'x', 'y', 'z', 'x'});
  CHECK(tokenizer.Encode("ab ab") == std::vector<int>{256, 260});
  CHECK(tokenizer.Encode("").empty());
}

TEST_CASE("special tokens in a text are text, and what is no UTF-8 is replaced") {
  const Tokenizer tokenizer = SmallTokenizer({});
  CHECK(tokenizer.Decode(tokenizer.Encode("<|endoftext|>")) == "<|endoftext|>");
  CHECK(tokenizer.Encode("\xff") == std::vector<int>{0xef, 0xbf, 0xbd});
}

TEST_CASE("a very long word is encoded in little time") {
  const Tokenizer tokenizer = SmallTokenizer({"aa", "aaaa"});
  CHECK(tokenizer.Encode(std::string(1000000, 'a')).size() == 250000);
}

TEST_CASE("ranks may come in any order and the last line may end the file") {
  CHECK(Open("YmM= 1\nYQ== 0", 2).DecodeBytes({0, 1}) == "abc");
}

TEST_CASE("a rank that is missing, twice, out of range or no number is refused") {
  CHECK(Has(Refusal("YQ== 0\n", 2), "holds 1 tokens; expected 2"));
  CHECK(Has(Refusal("YQ== 0\nYmM= 0\n", 2), "line 2 repeats"));
  CHECK(Has(Refusal("YQ== 0\nYmM= 2\n", 2), "line 2 has a rank"));
  CHECK(Has(Refusal("YQ== 0\nYmM= 1\nZGVm 2\n", 2), "line 3 has a rank"));
  CHECK(Has(Refusal("YQ== -1\n", 1), "has a rank"));
  CHECK(Has(Refusal("YQ== 0x\n", 1), "has a rank"));
  CHECK(Has(Refusal("YQ== 18446744073709551616\n", 1), "has a rank"));
  CHECK(Has(Refusal("YQ== \n", 1), "has a rank"));
}

TEST_CASE("lines that are not base64 and a rank are refused") {
  for (const char* token :
       {"YQ=", "YQ", "Y===", "====", "YQ==YQ==", "YR==", "YmN=", "Y!==", "==="}) {
    CAPTURE(token);
    CHECK(Has(Refusal(std::string(token) + " 0\n", 1), "base64"));
  }
  CHECK(Has(Refusal("YQ==\n", 1), "malformed"));
  CHECK(Has(Refusal(" 0\n", 1), "malformed"));
  CHECK(Has(Refusal("YQ== 0\n\n", 1), "line 2 is malformed"));
}

TEST_CASE("an empty file and a senseless size are refused") {
  Refusal("", 1);
  Refusal(kFile, 0);
  Refusal(kFile, -1);
  Refusal(kFile, 1 << 30);
}

TEST_CASE("damaged tokenizer files give errors or tokenizers that work, never a crash") {
  std::mt19937 random(3);
  for (int i = 0; i < 3000; ++i) {
    const auto file = FileView::InMemory("some.tiktoken", Mutate(kFile, &random));
    const Result<Tokenizer> tokenizer = Tokenizer::Open(*file, kCount);
    if (tokenizer.ok()) CHECK(tokenizer->Decode({0, 1, 2, 3, 4, 5, 6}).size() < 100);
  }
}

TEST_CASE("each maximal part of an ill-formed sequence becomes one replacement character") {
  // The example of Unicode 15, table 3-8, and its neighbours 3-9 to 3-11.
  CHECK(DecodeUtf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41") ==
        "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"
        "A");
  CHECK(DecodeUtf8("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41") ==
        "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"
        "A");
  CHECK(DecodeUtf8("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42") ==
        "\ufffd\ufffd\ufffd\ufffd\ufffd"
        "A\ufffd\ufffd"
        "B");
  CHECK(DecodeUtf8("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41") ==
        "\ufffd\ufffd\ufffd\ufffd"
        "A");
}

TEST_CASE("valid UTF-8 is left as it is") {
  const std::string text = "a\u00e9\u4e2d\U0001f600\U0010ffff";
  CHECK(DecodeUtf8(text) == text);
  CHECK(DecodeUtf8(std::string_view("\0", 1)) == std::string("\0", 1));
}

TEST_CASE("white space of every script is trimmed, and nothing else") {
  CHECK(TrimWhitespace(" \t\n\u00a0\u3000\u2028 a b \u0085\u200a\x1c") == "a b");
  CHECK(TrimWhitespace("\u3000\u3000").empty());
  CHECK(TrimWhitespace("").empty());
  CHECK(TrimWhitespace("\u200b\ufeff") == "\u200b\ufeff");  // no white space in Python
  CHECK(TrimWhitespace("\u4e2d") == "\u4e2d");
  CHECK(TrimWhitespace("\x85\xa0") == "\x85\xa0");  // continuations alone
}

}  // namespace
}  // namespace sotto
