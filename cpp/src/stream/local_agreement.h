// LocalAgreement-n: which words of a stream are final.
//
// Liu et al. 2020 (arXiv:2005.11185), section 2.2; for Whisper, Macháček et al. 2023
// (arXiv:2307.14743), section 2: a word is confirmed once n decodings in a row, each of more audio
// than the one before, agree on it and on all before it.

#ifndef SOTTO_SRC_STREAM_LOCAL_AGREEMENT_H_
#define SOTTO_SRC_STREAM_LOCAL_AGREEMENT_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "sotto/transcription.h"

namespace sotto {

// Confirmed words never change, are never given twice, and do not go backwards in time.
class LocalAgreement {
 public:
  // n >= 1; 1 confirms every word at once.
  explicit LocalAgreement(int n) : n_(static_cast<size_t>(n)) {}

  // `words`: a decoding of the audio that is still held, in seconds of the stream. Words that end
  // after `stable_until` are not confirmed. Returns the words that now are.
  std::vector<Word> Insert(std::vector<Word> words, double stable_until);

  // Confirms the last decoding's words that end by `time`, agreed upon or not.
  std::vector<Word> ConfirmUntil(double time);

  // Audio before `time` is no longer held, and what follows will not say it again. Returns the
  // confirmed words that were heard there.
  std::vector<Word> Forget(double time);

  // None of the audio is held any longer; drops what is still tentative.
  std::vector<Word> Clear();

  // Confirmed words that the next decoding will say again.
  const std::vector<Word>& heard() const { return heard_; }

  // The last decoding's words past the confirmed ones.
  const std::vector<Word>& tentative() const;

 private:
  std::vector<Word> Confirm(size_t count);

  const size_t n_;
  std::vector<Word> heard_;
  double end_ = 0;                            // of the last confirmed word
  std::deque<std::vector<Word>> hypotheses_;  // the last n at most, past the confirmed words
};

}  // namespace sotto

#endif  // SOTTO_SRC_STREAM_LOCAL_AGREEMENT_H_
