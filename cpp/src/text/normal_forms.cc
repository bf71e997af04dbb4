#include "text/normal_forms.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "text/unicode_mappings.h"

namespace sotto {
namespace {

// Hangul's syllables (Unicode 15, section 3.12).
constexpr char32_t kSyllables = 0xac00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11a7;
constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;
constexpr char32_t kSyllableCount = kLeadCount * kVowelCount * kTailCount;

// The row of `c` in a table whose rows begin at `first`; null if there is none.
template <typename Row>
const Row* Find(const Table<Row>& table, char32_t c, char32_t Row::* first, char32_t Row::* last) {
  const Row* after =
      std::upper_bound(table.rows, table.rows + table.size, c,
                       [first](char32_t value, const Row& row) { return value < row.*first; });
  if (after == table.rows || c > (after - 1)->*last) return nullptr;
  return after - 1;
}

bool AppendMapped(char32_t c, const Table<RunRow>& runs, const Expansions& expansions,
                  std::u32string* out) {
  const RunRow* run = Find(runs, c, &RunRow::first, &RunRow::last);
  if (run != nullptr && (c - run->first) % run->step == 0) {
    out->push_back(run->to + (c - run->first));
    return true;
  }
  const ExpansionRow* row = Find(expansions.table, c, &ExpansionRow::from, &ExpansionRow::from);
  if (row == nullptr) return false;
  out->append(expansions.texts + row->begin, row->size);
  return true;
}

uint8_t CombiningClass(char32_t c) {
  if (c < 0x300) return 0;
  const ClassRow* row = Find(kCombiningClasses, c, &ClassRow::first, &ClassRow::last);
  return row == nullptr ? uint8_t{0} : row->combining_class;
}

void AppendDecomposed(char32_t c, bool compatible, std::u32string* out) {
  if (c < 0xa0) {
    out->push_back(c);
  } else if (c >= kSyllables && c < kSyllables + kSyllableCount) {
    const char32_t index = c - kSyllables;
    out->push_back(kLeads + index / (kVowelCount * kTailCount));
    out->push_back(kVowels + index % (kVowelCount * kTailCount) / kTailCount);
    if (index % kTailCount != 0) out->push_back(kTails + index % kTailCount);
  } else if (compatible && AppendMapped(c, kCompatible, kCompatibleLong, out)) {
    return;
  } else if (const CompositeRow* row =
                 Find(kComposites, c, &CompositeRow::composite, &CompositeRow::composite)) {
    AppendDecomposed(row->first, compatible, out);
    out->push_back(row->second);
  } else if (!AppendMapped(c, kCanonical, kCanonicalLong, out)) {
    out->push_back(c);
  }
}

// Marks that follow each other, in the order of their classes.
void Reorder(std::u32string* text) {
  const auto earlier = [](char32_t a, char32_t b) { return CombiningClass(a) < CombiningClass(b); };
  for (size_t begin = 0; begin < text->size();) {
    size_t end = begin;
    while (end < text->size() && CombiningClass((*text)[end]) != 0) ++end;
    using Offset = std::u32string::difference_type;
    if (end - begin > 1) {
      std::stable_sort(text->begin() + static_cast<Offset>(begin),
                       text->begin() + static_cast<Offset>(end), earlier);
    }
    begin = end + 1;
  }
}

// The composite of two characters; 0 if there is none.
char32_t Composite(char32_t first, char32_t second) {
  if (first >= kLeads && first < kLeads + kLeadCount) {
    if (second < kVowels || second >= kVowels + kVowelCount) return 0;
    return kSyllables + ((first - kLeads) * kVowelCount + second - kVowels) * kTailCount;
  }
  if (first >= kSyllables && first < kSyllables + kSyllableCount) {
    const bool open = (first - kSyllables) % kTailCount == 0;
    return open && second > kTails && second < kTails + kTailCount ? first + (second - kTails) : 0;
  }
  static const auto* const composites = [] {
    auto* map = new std::unordered_map<uint64_t, char32_t>();
    for (size_t i = 0; i < kComposites.size; ++i) {
      const CompositeRow& row = kComposites.rows[i];
      map->emplace(uint64_t{row.first} << 32 | row.second, row.composite);
    }
    return map;
  }();
  const auto found = composites->find(uint64_t{first} << 32 | second);
  return found == composites->end() ? 0 : found->second;
}

// A mark is joined with the last starter unless one of its class, or of a higher one, is between.
void Compose(std::u32string* text) {
  std::u32string out;
  out.reserve(text->size());
  size_t starter = std::u32string::npos;  // in out
  uint8_t before = 0;                     // class of the last mark that stayed
  for (const char32_t c : *text) {
    const uint8_t order = CombiningClass(c);
    if (starter != std::u32string::npos) {
      const bool next = out.size() == starter + 1;
      if (next || before < order) {
        if (const char32_t composite = Composite(out[starter], c)) {
          out[starter] = composite;
          continue;
        }
      }
    }
    if (order == 0) starter = out.size();
    before = order;
    out.push_back(c);
  }
  *text = std::move(out);
}

}  // namespace

std::u32string LowerCase(std::u32string_view text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (const char32_t c : text) {
    if (c < 0x80) {
      lower.push_back(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    } else if (!AppendMapped(c, kLower, kLowerLong, &lower)) {
      lower.push_back(c);
    }
  }
  return lower;
}

std::u32string Normalize(std::u32string_view text, NormalForm form) {
  const bool compatible = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  std::u32string normal;
  normal.reserve(text.size());
  for (const char32_t c : text) AppendDecomposed(c, compatible, &normal);
  Reorder(&normal);
  if (form == NormalForm::kNfc || form == NormalForm::kNfkc) Compose(&normal);
  return normal;
}

}  // namespace sotto
