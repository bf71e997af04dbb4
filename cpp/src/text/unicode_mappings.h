// What characters become in lower case and in Unicode's normal forms, as tables. They hold what
// each character becomes in the tokenizers package.

#ifndef SOTTO_SRC_TEXT_UNICODE_MAPPINGS_H_
#define SOTTO_SRC_TEXT_UNICODE_MAPPINGS_H_

#include <cstddef>
#include <cstdint>

namespace sotto {

template <typename Row>
struct Table {  // rows ascend by character
  const Row* rows;
  size_t size;
};

struct RunRow {  // each step-th character from first to last becomes that at its distance from `to`
  char32_t first;
  char32_t last;
  uint8_t step;
  char32_t to;
};

struct ExpansionRow {
  char32_t from;
  uint16_t begin;  // in texts
  uint16_t size;
};

struct Expansions {  // of characters that become several
  Table<ExpansionRow> table;
  const char32_t* texts;
};

struct ClassRow {
  char32_t first;
  char32_t last;
  uint8_t combining_class;
};

struct CompositeRow {
  char32_t composite;
  char32_t first;
  char32_t second;
};

extern const Table<RunRow> kLower;
extern const Expansions kLowerLong;

// Characters of a class that is not 0.
extern const Table<ClassRow> kCombiningClasses;

// NFD of each but Hangul's syllables: composites, which NFC makes again, hold one more step.
extern const Table<CompositeRow> kComposites;
extern const Table<RunRow> kCanonical;
extern const Expansions kCanonicalLong;

// NFKD where it is not NFD.
extern const Table<RunRow> kCompatible;
extern const Expansions kCompatibleLong;

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_UNICODE_MAPPINGS_H_
