// Compared with tiktoken in test/runtime/test_tokenizer.py.

#include "text/text_pieces.h"

#include <doctest.h>

#include <string>

namespace sotto {
namespace {

std::vector<std::string> Pieces(const std::string& text) {
  std::vector<std::string> pieces;
  for (std::string_view piece : SplitText(text)) pieces.emplace_back(piece);
  return pieces;
}

using Expected = std::vector<std::string>;

TEST_CASE("words and numbers take the space before them, and other characters go together") {
  CHECK(Pieces("Hello world, 1990!?") == Expected{"Hello", " world", ",", " 1990", "!?"});
}

TEST_CASE("contractions are pieces, in lower case alone") {
  CHECK(Pieces("I'll can't") == Expected{"I", "'ll", " can", "'t"});
  CHECK(Pieces("I'LL") == Expected{"I", "'", "LL"});
}

TEST_CASE("of white space before a word the last space is the word's") {
  CHECK(Pieces("a   b") == Expected{"a", "  ", " b"});
  CHECK(Pieces("a\n\nb") == Expected{"a", "\n", "\n", "b"});
  CHECK(Pieces("a \t b  ") == Expected{"a", " \t", " b", "  "});
  CHECK(Pieces(" ") == Expected{" "});
  CHECK(Pieces("").empty());
}

TEST_CASE("letters and numbers of every script are such") {
  CHECK(Pieces("\u6771\u4eac \u0e17\u0e35 \u0663\u00b2x") ==
        Expected{"\u6771\u4eac", " \u0e17", "\u0e35", " \u0663\u00b2", "x"});
}

}  // namespace
}  // namespace sotto
