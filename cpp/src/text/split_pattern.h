// The regular expressions that tokenizers cut texts with.

#ifndef SOTTO_SRC_TEXT_SPLIT_PATTERN_H_
#define SOTTO_SRC_TEXT_SPLIT_PATTERN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// A set of characters: [a-z], \p{L}, \s, one character.
class CharacterSet {
 public:
  using Class = bool (*)(char32_t);

  void AddRange(char32_t first, char32_t last) { ranges_.push_back({first, last}); }
  void AddClass(Class holds) { classes_.push_back(holds); }
  void AddComplement(Class holds) { complements_.push_back(holds); }
  void Negate() { negated_ = !negated_; }
  // The letters of ASCII in both cases, and what else Unicode takes for one of them. False if
  // it has other letters.
  bool FoldCase();
  void Finish();  // once nothing is added any more

  bool Holds(char32_t c) const { return c < 128 ? ascii_[c] : Contains(c); }

 private:
  bool Contains(char32_t c) const;

  std::vector<std::pair<char32_t, char32_t>> ranges_;
  std::vector<Class> classes_;
  std::vector<Class> complements_;  // which it holds all but
  bool negated_ = false;
  std::array<bool, 128> ascii_{};
};

// The part of Oniguruma's syntax, which the tokenizers package uses, that tokenizers need:
// characters, sets, \s, \d, \p{..}, alternatives, groups, (?i:..), (?!x) and (?=x) of one
// character, and ?, *, +, {m,n} after a character or set (? after a group too), possessive or not.
// Such a pattern has no loop in it but over one set, so its work is bounded.
class SplitPattern {
 public:
  struct Match {
    size_t begin;
    size_t end;
  };

  // kBundle names what the pattern has that is not supported.
  static Result<SplitPattern> Parse(std::string_view pattern);
  // A pattern that is text. Not empty.
  static SplitPattern Literal(std::u32string_view text);

  // The matches in `text`, the first first, as Oniguruma finds them. kBundle if a pattern makes
  // that much slower than those of known models.
  Result<std::vector<Match>> Find(std::u32string_view text) const;

 private:
  friend class PatternParser;

  enum class Op : uint8_t { kRepeat, kChoice, kJump, kAhead, kNotAhead, kAccept };

  struct Instruction {
    Op op;
    bool possessive = false;
    uint32_t min = 1;  // of kRepeat
    uint32_t max = 1;
    size_t set = 0;   // of kRepeat, kAhead, kNotAhead
    size_t skip = 0;  // of kChoice and kJump: how many instructions on
  };

  SplitPattern() = default;

  struct Choice {  // to be taken up where what was chosen first fails
    size_t pc;
    size_t low;  // the positions to go on from, the highest first
    size_t high;
  };

  // Where the match that begins at `begin` ends; npos if none does, or `steps` are used up.
  // choices: room to work in.
  size_t MatchAt(std::u32string_view text, size_t begin, std::vector<Choice>* choices,
                 size_t* steps) const;

  std::vector<CharacterSet> sets_;
  std::vector<Instruction> program_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_SPLIT_PATTERN_H_
