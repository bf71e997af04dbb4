#include "stream/local_agreement.h"

#include <algorithm>
#include <utility>

#include "whisper/word_match.h"

namespace sotto {
namespace {

// How many words all of `hypotheses` begin with.
size_t CommonPrefix(const std::deque<std::vector<Word>>& hypotheses) {
  const std::vector<Word>& newest = hypotheses.back();
  size_t count = newest.size();
  for (const std::vector<Word>& other : hypotheses) {
    size_t same = 0;
    while (same < std::min(count, other.size()) &&
           Folded(newest[same].word) == Folded(other[same].word)) {
      ++same;
    }
    count = same;
  }
  return count;
}

// How many words at the beginning of `words` end by `time`.
size_t EndedBy(const std::vector<Word>& words, double time) {
  size_t count = 0;
  while (count < words.size() && words[count].end <= time) ++count;
  return count;
}

}  // namespace

std::vector<Word> LocalAgreement::Insert(std::vector<Word> words, double stable_until) {
  const size_t again = HeardAgain(heard_, words);
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(again));
  hypotheses_.push_back(std::move(words));
  if (hypotheses_.size() > n_) hypotheses_.pop_front();
  if (hypotheses_.size() < n_) return {};
  return Confirm(std::min(CommonPrefix(hypotheses_), EndedBy(tentative(), stable_until)));
}

std::vector<Word> LocalAgreement::ConfirmUntil(double time) {
  std::vector<Word> confirmed = Confirm(EndedBy(tentative(), time));
  // The older decodings did not agree, so what follows in them is not what follows now.
  while (hypotheses_.size() > 1) hypotheses_.pop_front();
  return confirmed;
}

std::vector<Word> LocalAgreement::Forget(double time) {
  // Words are in order of time.
  const auto held = std::find_if(heard_.begin(), heard_.end(), [time](const Word& word) {
    return (word.start + word.end) / 2 >= time;
  });
  std::vector<Word> gone(heard_.begin(), held);
  heard_.erase(heard_.begin(), held);
  return gone;
}

std::vector<Word> LocalAgreement::Clear() {
  hypotheses_.clear();
  return std::exchange(heard_, {});
}

const std::vector<Word>& LocalAgreement::tentative() const {
  static const std::vector<Word> none;
  return hypotheses_.empty() ? none : hypotheses_.back();
}

std::vector<Word> LocalAgreement::Confirm(size_t count) {
  const std::vector<Word>& newest = tentative();
  std::vector<Word> confirmed(newest.begin(), newest.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::vector<Word>& hypothesis : hypotheses_) {
    const size_t gone = std::min(count, hypothesis.size());
    hypothesis.erase(hypothesis.begin(), hypothesis.begin() + static_cast<std::ptrdiff_t>(gone));
  }
  for (Word& word : confirmed) {
    // A decoding may place a word before the end of one that an earlier decoding confirmed.
    word.start = std::max(word.start, end_);
    word.end = std::max(word.end, word.start);
    end_ = word.end;
  }
  heard_.insert(heard_.end(), confirmed.begin(), confirmed.end());
  return confirmed;
}

}  // namespace sotto
