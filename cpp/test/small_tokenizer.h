// A tokenizer of the 256 bytes and a few words.

#ifndef SOTTO_TEST_SMALL_TOKENIZER_H_
#define SOTTO_TEST_SMALL_TOKENIZER_H_

#include <doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "sotto/tokenizer.h"

namespace sotto {

inline std::string Base64(const std::string& bytes) {
  const char* alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    for (size_t j = i; j < i + 3; ++j) {
      bits = bits << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0u);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : alphabet[bits >> (18 - 6 * j) & 63u];
    }
  }
  return text;
}

// Byte b is token b; pieces[i] is token 256 + i.
inline Tokenizer SmallTokenizer(const std::vector<std::string>& pieces) {
  std::string lines;
  int rank = 0;
  const auto add = [&](const std::string& bytes) {
    lines += Base64(bytes) + " " + std::to_string(rank++) + "\n";
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  for (const std::string& piece : pieces) add(piece);
  const auto file = FileView::InMemory("small.tiktoken", lines);
  Result<Tokenizer> tokenizer = Tokenizer::Open(*file, 256 + static_cast<int>(pieces.size()));
  REQUIRE(tokenizer.ok());
  return std::move(tokenizer).value();
}

}  // namespace sotto

#endif  // SOTTO_TEST_SMALL_TOKENIZER_H_
