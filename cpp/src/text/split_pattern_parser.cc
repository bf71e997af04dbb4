#include <array>
#include <optional>
#include <string>
#include <utility>

#include "text/character_classes.h"
#include "text/split_pattern.h"
#include "text/unicode_classes.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace sotto {
namespace {

constexpr int kMaxGroupDepth = 16;  // of groups in groups
constexpr uint32_t kMany = 0x7fffffff;

bool IsOtherLetter(char32_t c) {
  return IsLetter(c) && !IsUpperCase(c) && !IsLowerCase(c) && !IsTitleCase(c) &&
         !IsModifierLetter(c);
}

CharacterSet::Class CategoryOf(std::u32string_view name) {
  static constexpr std::array<std::pair<std::u32string_view, CharacterSet::Class>, 11> kCategories =
      {{{U"L", IsLetter},
        {U"N", IsNumber},
        {U"M", IsMark},
        {U"P", IsPunctuationCategory},
        {U"S", IsSymbol},
        {U"Lu", IsUpperCase},
        {U"Ll", IsLowerCase},
        {U"Lt", IsTitleCase},
        {U"Lm", IsModifierLetter},
        {U"Lo", IsOtherLetter},
        {U"Nd", IsDecimalNumber}}};
  for (const auto& [known, holds] : kCategories) {
    if (known == name) return holds;
  }
  return nullptr;
}

}  // namespace

// Recursive descent. The first fault is kept; then everything that is left fails.
class PatternParser {
 public:
  explicit PatternParser(std::u32string pattern) : pattern_(std::move(pattern)) {}

  Result<SplitPattern> Parse() {
    const size_t shortest = Alternatives(0, false);
    if (fault_.empty() && at_ < pattern_.size()) Fail("a parenthesis that nothing opens");
    if (fault_.empty() && shortest == 0) Fail("a match of no character");
    if (!fault_.empty()) {
      return Error{ErrorCode::kBundle, "the pattern \"" + ToUtf8(pattern_) + "\" has " + fault_ +
                                           ", which is not supported"};
    }
    Emit({Op::kAccept});
    for (CharacterSet& set : out_.sets_) set.Finish();
    return std::move(out_);
  }

 private:
  using Op = SplitPattern::Op;
  using Instruction = SplitPattern::Instruction;

  void Fail(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
    at_ = pattern_.size();
  }

  bool Done() const { return at_ == pattern_.size(); }
  char32_t Peek() const { return Done() ? char32_t{0} : pattern_[at_]; }

  bool Accept(std::u32string_view text) {
    if (pattern_.compare(at_, text.size(), text) != 0) return false;
    at_ += text.size();
    return true;
  }

  void Emit(Instruction instruction) { out_.program_.push_back(instruction); }

  // Before what was emitted from `start` on; jumps in it are relative, so they stay right.
  void EmitChoice(size_t start, size_t skip) {
    Instruction choice{Op::kChoice};
    choice.skip = skip;
    auto& program = out_.program_;
    program.insert(program.begin() + static_cast<std::ptrdiff_t>(start), choice);
  }

  // Each of these returns the characters of its shortest match.
  size_t Alternatives(int depth, bool fold) {
    size_t shortest = kMany;
    std::vector<size_t> jumps;
    for (;;) {
      const size_t start = out_.program_.size();
      shortest = std::min(shortest, Items(depth, fold));
      if (!Accept(U"|")) break;
      EmitChoice(start, out_.program_.size() - start + 2);
      jumps.push_back(out_.program_.size());
      Emit({Op::kJump});
    }
    for (const size_t jump : jumps) out_.program_[jump].skip = out_.program_.size() - jump;
    return shortest;
  }

  size_t Items(int depth, bool fold) {
    size_t shortest = 0;
    before_ = 0;
    while (!Done() && Peek() != '|' && Peek() != ')') shortest += Item(depth, fold);
    return shortest;
  }

  size_t Item(int depth, bool fold) {
    if (Accept(U"(?!")) return Ahead(Op::kNotAhead, fold);
    if (Accept(U"(?=")) return Ahead(Op::kAhead, fold);
    if (Accept(U"(?i:")) return Group(depth, true);
    if (Accept(U"(?:")) return Group(depth, fold);
    if (Peek() == '(') {
      if (Accept(U"(?")) {
        Fail("a group of another kind");
        return 0;
      }
      Accept(U"(");
      return Group(depth, fold);
    }
    std::optional<CharacterSet> set = Set(fold);
    if (!set) return 0;
    Instruction repeat{Op::kRepeat};
    repeat.set = out_.sets_.size();
    Quantifier(&repeat);
    out_.sets_.push_back(std::move(*set));
    Emit(repeat);
    return repeat.min;
  }

  size_t Ahead(Op op, bool fold) {
    std::optional<CharacterSet> set = Set(fold);
    if (!set) return 0;
    if (!Accept(U")")) {
      Fail("a look ahead of more than one character");
      return 0;
    }
    Instruction ahead{op};
    ahead.set = out_.sets_.size();
    out_.sets_.push_back(std::move(*set));
    Emit(ahead);
    return 0;
  }

  size_t Group(int depth, bool fold) {
    if (depth == kMaxGroupDepth) {
      Fail("more than " + std::to_string(kMaxGroupDepth) + " groups in each other");
      return 0;
    }
    const size_t start = out_.program_.size();
    size_t shortest = Alternatives(depth + 1, fold);
    before_ = 0;
    if (!Accept(U")")) Fail("a parenthesis that nothing closes");
    if (Accept(U"?")) {
      EmitChoice(start, out_.program_.size() - start + 1);
      shortest = 0;
    }
    if (!Done() && (Peek() == '*' || Peek() == '+' || Peek() == '{' || Peek() == '?')) {
      Fail("a repeated group");
    }
    return shortest;
  }

  void Quantifier(Instruction* repeat) {
    bool braces = false;
    if (Accept(U"?")) {
      repeat->min = 0;
    } else if (Accept(U"*")) {
      repeat->min = 0;
      repeat->max = kMany;
    } else if (Accept(U"+")) {
      repeat->max = kMany;
    } else if (Accept(U"{")) {
      braces = true;
      repeat->min = repeat->max = Number();
      if (Accept(U",")) repeat->max = Peek() == '}' ? kMany : Number();
      if (!Accept(U"}") || repeat->min > repeat->max) Fail("braces that are no count");
    } else {
      return;
    }
    if (!braces && Accept(U"+")) repeat->possessive = true;
    if (!Done() && (Peek() == '?' || Peek() == '+' || Peek() == '*' || Peek() == '{')) {
      Fail("a quantifier after a quantifier");
    }
  }

  uint32_t Number() {
    uint32_t value = 0;
    const size_t start = at_;
    while (Peek() >= '0' && Peek() <= '9' && at_ < start + 4) value = value * 10 + Next() - '0';
    if (at_ == start) Fail("braces that are no count");
    return value;
  }

  char32_t Next() { return pattern_[at_++]; }

  // One character, an escape, a class in brackets or a dot.
  std::optional<CharacterSet> Set(bool fold) {
    CharacterSet set;
    char32_t literal = 0;
    const char32_t c = Peek();
    if (Accept(U"[")) {
      if (Accept(U"^")) set.Negate();
      Members(&set);
    } else if (Accept(U".")) {
      set.AddRange('\n', '\n');
      set.Negate();
    } else if (Accept(U"\\")) {
      literal = Escape(&set);
      if (literal != 0) set.AddRange(literal, literal);
    } else if (Done() || c == '^' || c == '$' || c == '*' || c == '+' || c == '?' || c == '{' ||
               c == '}' || c == ']' || c == ')' || c == '|') {
      Fail("a bare '" + (Done() ? std::string() : ToUtf8(pattern_.substr(at_, 1))) + "'");
    } else {
      literal = Next();
      set.AddRange(literal, literal);
    }
    if (fold && fault_.empty()) Fold(&set, literal);
    if (!fault_.empty()) return std::nullopt;
    return set;
  }

  // Some pairs of letters are one character in another case, as "ss" is.
  void Fold(CharacterSet* set, char32_t literal) {
    if (!set->FoldCase()) Fail("(?i:..) of something else than ASCII");
    const char32_t lower = literal | 0x20;
    const char32_t previous = std::exchange(before_, lower);
    if ((previous == 's' && (lower == 's' || lower == 't')) ||
        (previous == 'f' && (lower == 'f' || lower == 'i' || lower == 'l'))) {
      Fail("(?i:..) of letters that are joined in some alphabet");
    }
  }

  void Members(CharacterSet* set) {
    bool any = false;
    while (!Done() && Peek() != ']') {
      any = true;
      if (Peek() == '[' || pattern_.compare(at_, 2, U"&&") == 0) {
        Fail("a class in a class");
        return;
      }
      const char32_t first = Accept(U"\\") ? Escape(set) : Next();
      if (first == 0) continue;  // a class
      char32_t last = first;
      if (Peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
        ++at_;
        last = Accept(U"\\") ? Escape(set) : Next();
        if (last < first) Fail("a range that ends before it begins");
      }
      set->AddRange(first, last);
    }
    if (!any || !Accept(U"]")) Fail("a class that is empty or does not end");
  }

  // After a backslash: the character that it is, or 0 once a class has been added.
  char32_t Escape(CharacterSet* set) {
    if (Done()) {
      Fail("a backslash at its end");
      return 0;
    }
    const char32_t c = Next();
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 's':
        set->AddClass(IsWhiteSpace);
        return 0;
      case 'S':
        set->AddComplement(IsWhiteSpace);
        return 0;
      case 'd':
        set->AddClass(IsDecimalNumber);
        return 0;
      case 'p':
      case 'P': {
        const size_t close = pattern_.find(U'}', at_);
        const bool braces = Peek() == '{' && close != std::u32string::npos;
        const std::u32string name = braces ? pattern_.substr(at_ + 1, close - at_ - 1) : U"";
        const CharacterSet::Class category = CategoryOf(name);
        if (category == nullptr) {
          Fail("the category \\p{" + ToUtf8(name) + "}");
          return 0;
        }
        at_ = close + 1;
        if (c == 'p') {
          set->AddClass(category);
        } else {
          set->AddComplement(category);
        }
        return 0;
      }
      default:
        break;
    }
    const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (c < 0x21 || c > 0x7e || alphanumeric) Fail("the escape \\" + ToUtf8({&c, 1}));
    return c;
  }

  const std::u32string pattern_;
  size_t at_ = 0;
  char32_t before_ = 0;  // the letter before, where case is folded
  std::string fault_;
  SplitPattern out_;
};

Result<SplitPattern> SplitPattern::Parse(std::string_view pattern) {
  std::optional<std::u32string> points = CodePoints(pattern);
  if (!points) return Error{ErrorCode::kBundle, "a pattern of the tokenizer is not valid UTF-8"};
  return PatternParser(std::move(*points)).Parse();
}

}  // namespace sotto
