// Which words of a decoding are those that an earlier decoding of the same audio gave.

#ifndef SOTTO_SRC_WHISPER_WORD_MATCH_H_
#define SOTTO_SRC_WHISPER_WORD_MATCH_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/transcription.h"

namespace sotto {

// `word` as it is compared: without punctuation and white space at its ends, and in lower case
// where it is of Latin, Greek or Cyrillic letters. A word of punctuation alone stays as it is.
// Whisper changes its mind on both from one decoding to the next.
std::string Folded(std::string_view word);

// How many words at the beginning of `hypothesis` are `confirmed` ones said again, which were
// decoded from the same audio before, up to where `confirmed` ends.
//
// The split k with the least cost: the edit distance between confirmed and hypothesis[:k], where
// words also cost what they are apart in time, and for each word of the rest how long before the
// last confirmed word's end it is. Text alone can't tell "no, no" from "no, no, no" cut short; time
// alone drifts by tenths of a second between decodings, which repeats or swallows words.
size_t HeardAgain(const std::vector<Word>& confirmed, const std::vector<Word>& hypothesis);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WORD_MATCH_H_
