// Compared with the tokenizers package in test/embed/test_text_tokenizer.py.

#include "text/normal_forms.h"

#include <doctest.h>

namespace sotto {
namespace {

TEST_CASE("a composed character and its parts have one form") {
  CHECK(Normalize(U"\u1e69", NormalForm::kNfd) == U"s\u0323\u0307");
  CHECK(Normalize(U"s\u0307\u0323", NormalForm::kNfd) == U"s\u0323\u0307");
  CHECK(Normalize(U"s\u0307\u0323", NormalForm::kNfc) == U"\u1e69");
  CHECK(Normalize(U"\u212b", NormalForm::kNfc) == U"\u00c5");
}

TEST_CASE("a mark is not joined over one of its class") {
  CHECK(Normalize(U"a\u0308\u0301", NormalForm::kNfc) == U"\u00e4\u0301");
  CHECK(Normalize(U"a\u035c\u0301", NormalForm::kNfc) == U"\u00e1\u035c");
}

TEST_CASE("Hangul is composed and decomposed by arithmetic") {
  CHECK(Normalize(U"\uac01", NormalForm::kNfd) == U"\u1100\u1161\u11a8");
  CHECK(Normalize(U"\u1100\u1161\u11a8", NormalForm::kNfc) == U"\uac01");
  CHECK(Normalize(U"\uac00\u11a7", NormalForm::kNfc) == U"\uac00\u11a7");
}

TEST_CASE("compatible characters are told from canonical ones") {
  CHECK(Normalize(U"\ufb01\u00bd", NormalForm::kNfkc) == U"fi1\u20442");
  CHECK(Normalize(U"\ufb01\u00bd", NormalForm::kNfc) == U"\ufb01\u00bd");
}

TEST_CASE("lower case is each character's own") {
  CHECK(LowerCase(U"A\u0130\u03a3\u212a\u00df") == U"ai\u0307\u03c3k\u00df");
}

}  // namespace
}  // namespace sotto
