#include "whisper/word_split.h"

#include <cstddef>
#include <string_view>

#include "text/utf8.h"

namespace sotto {
namespace {

constexpr char kEndOfText[] = "<|endoftext|>";
constexpr char32_t kReplacement = 0xfffd;
// Python's string.punctuation.
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

bool WrittenWithoutSpaces(const std::string& language) {
  for (const char* code : {"zh", "ja", "th", "lo", "my", "yue"}) {
    if (language == code) return true;
  }
  return false;
}

std::string Decode(const Tokenizer& tokenizer, const std::vector<int>& tokens) {
  std::string text = tokenizer.Decode(tokens);
  if (!tokens.empty() && tokens.back() == tokenizer.n_text()) text += kEndOfText;
  return text;
}

std::u32string Characters(std::string_view text) {
  std::u32string characters;
  while (!text.empty()) {
    const size_t size = ScanUtf8(text).size;
    characters.push_back(CodePoint(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return characters;
}

// Words of as few tokens as hold whole characters (split_tokens_on_unicode).
std::vector<TokenWord> SplitOnCharacters(const Tokenizer& tokenizer,
                                         const std::vector<int>& tokens) {
  const std::u32string all = Characters(Decode(tokenizer, tokens));
  std::vector<TokenWord> words;
  std::vector<int> current;
  size_t offset = 0;  // of the current word, in characters
  for (int token : tokens) {
    current.push_back(token);
    std::string decoded = Decode(tokenizer, current);
    const std::u32string characters = Characters(decoded);
    const size_t broken = characters.find(kReplacement);
    // A replacement that stays in the whole text is no character that goes on.
    if (broken != std::u32string::npos &&
        (offset + broken >= all.size() || all[offset + broken] != kReplacement)) {
      continue;
    }
    offset += characters.size();
    words.push_back({std::move(decoded), std::move(current)});
    current.clear();
  }
  return words;
}

}  // namespace

std::vector<TokenWord> SplitToWords(const Tokenizer& tokenizer, const std::vector<int>& text,
                                    const std::string& language) {
  std::vector<int> tokens = text;
  tokens.push_back(tokenizer.n_text());
  std::vector<TokenWord> parts = SplitOnCharacters(tokenizer, tokens);
  if (WrittenWithoutSpaces(language)) return parts;

  // A word begins with a space (split_tokens_on_spaces).
  std::vector<TokenWord> words;
  for (TokenWord& part : parts) {
    const bool special = part.tokens[0] >= tokenizer.n_text();
    const bool spaced = part.word[0] == ' ';
    const bool punctuation = kPunctuation.find(TrimWhitespace(part.word)) != std::string_view::npos;
    if (special || spaced || punctuation || words.empty()) {
      words.push_back(std::move(part));
    } else {
      words.back().word += part.word;
      words.back().tokens.insert(words.back().tokens.end(), part.tokens.begin(), part.tokens.end());
    }
  }
  return words;
}

}  // namespace sotto
