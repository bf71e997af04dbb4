#include "text/split_pattern.h"

#include <algorithm>

namespace sotto {
namespace {

constexpr size_t kNone = std::u32string_view::npos;

// Known patterns take some tens of steps a character.
constexpr size_t kStepsPerCharacter = 1000;

}  // namespace

bool CharacterSet::Contains(char32_t c) const {
  const auto holds = [c](Class each) { return each(c); };
  const auto in = [c](const auto& range) { return c >= range.first && c <= range.second; };
  const bool found = std::any_of(ranges_.begin(), ranges_.end(), in) ||
                     std::any_of(classes_.begin(), classes_.end(), holds) ||
                     !std::all_of(complements_.begin(), complements_.end(), holds);
  return found != negated_;
}

bool CharacterSet::FoldCase() {
  if (!classes_.empty() || !complements_.empty()) return false;
  const std::vector<std::pair<char32_t, char32_t>> ranges = ranges_;
  for (const auto& [first, last] : ranges) {
    if (last >= 0x80) return false;
    for (char32_t c = first; c <= last; ++c) {
      const char32_t lower = c | 0x20;
      if (lower < 'a' || lower > 'z') continue;
      AddRange(c ^ 0x20, c ^ 0x20);
      if (lower == 's') AddRange(0x17f, 0x17f);    // long s
      if (lower == 'k') AddRange(0x212a, 0x212a);  // Kelvin
    }
  }
  return true;
}

void CharacterSet::Finish() {
  for (char32_t c = 0; c < 128; ++c) ascii_[c] = Contains(c);
}

SplitPattern SplitPattern::Literal(std::u32string_view text) {
  SplitPattern pattern;
  for (const char32_t c : text) {
    CharacterSet set;
    set.AddRange(c, c);
    set.Finish();
    Instruction one{Op::kRepeat};
    one.set = pattern.sets_.size();
    pattern.sets_.push_back(std::move(set));
    pattern.program_.push_back(one);
  }
  pattern.program_.push_back({Op::kAccept});
  return pattern;
}

size_t SplitPattern::MatchAt(std::u32string_view text, size_t begin, std::vector<Choice>* choices,
                             size_t* steps) const {
  choices->clear();
  size_t pc = 0;
  size_t at = begin;
  for (;;) {
    const Instruction& now = program_[pc];
    if (*steps == 0) return kNone;
    --*steps;
    bool fits = true;
    switch (now.op) {
      case Op::kRepeat: {
        const CharacterSet& set = sets_[now.set];
        const size_t max = std::min<size_t>(text.size() - at, now.max);
        size_t run = 0;
        while (run < max && set.Holds(text[at + run])) ++run;
        *steps -= std::min(*steps, run);
        fits = run >= now.min;
        if (!fits) break;
        if (run > now.min && !now.possessive) {
          choices->push_back({pc + 1, at + now.min, at + run - 1});
        }
        at += run;
        ++pc;
        break;
      }
      case Op::kChoice:
        choices->push_back({pc + now.skip, at, at});
        ++pc;
        break;
      case Op::kJump:
        pc += now.skip;
        break;
      case Op::kAhead:
      case Op::kNotAhead: {
        const bool holds = at < text.size() && sets_[now.set].Holds(text[at]);
        fits = holds == (now.op == Op::kAhead);
        ++pc;
        break;
      }
      case Op::kAccept:
        return at;
    }
    if (fits) continue;
    if (choices->empty()) return kNone;
    Choice& last = choices->back();
    pc = last.pc;
    at = last.high;
    if (last.high == last.low) {
      choices->pop_back();
    } else {
      --last.high;
    }
  }
}

Result<std::vector<SplitPattern::Match>> SplitPattern::Find(std::u32string_view text) const {
  std::vector<Match> matches;
  std::vector<Choice> choices;
  size_t steps = kStepsPerCharacter * (text.size() + kStepsPerCharacter);
  for (size_t at = 0; at < text.size();) {
    const size_t end = MatchAt(text, at, &choices, &steps);
    if (steps == 0) {
      return Error{ErrorCode::kBundle,
                   "a pattern of the tokenizer takes more than " +
                       std::to_string(kStepsPerCharacter) +
                       " steps a character: no known model has such a one; make the bundle again"};
    }
    if (end == kNone) {
      ++at;
    } else {
      matches.push_back({at, end});
      at = end;
    }
  }
  return matches;
}

}  // namespace sotto
