#include "decode/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decode/log_softmax.h"

namespace sotto {

BeamSearchDecoder::BeamSearchDecoder(int beam_size, double patience, int eot, size_t n_vocab)
    : beam_size_(static_cast<size_t>(beam_size)), eot_(eot), n_vocab_(n_vocab) {
  // nearbyint rounds half to even, as Python's round does.
  const double done = std::nearbyint(beam_size * (patience == 0 ? 1.0 : patience));
  max_done_ = static_cast<size_t>(std::max(1.0, done));
}

// What may follow each live text, best first, in order of the texts where equal. What is
// forbidden is left out: the reference goes on with it where nothing else is left, and drops it
// at the next step.
std::vector<BeamSearchDecoder::Candidate> BeamSearchDecoder::Rank(
    const std::vector<const float*>& logits) const {
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < live_.size(); ++i) {
    const LogSoftmax log_softmax(logits[i], n_vocab_);
    for (size_t token : TopK(logits[i], n_vocab_, beam_size_ + 1)) {
      const float logprob = log_softmax(logits[i][token]);
      candidates.push_back({i, static_cast<int>(token), logprob, live_[i].sum_logprob + logprob});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  return candidates;
}

Hypothesis BeamSearchDecoder::Continue(const Candidate& candidate) const {
  Hypothesis text = live_[candidate.parent];
  text.sum_logprob = candidate.score;
  if (candidate.token != eot_) {
    text.tokens.push_back(candidate.token);
    text.logprobs.push_back(candidate.logprob);
  }
  return text;
}

std::vector<size_t> BeamSearchDecoder::Update(const std::vector<const float*>& logits) {
  const std::vector<Candidate> candidates = Rank(logits);
  if (candidates.empty()) return {};
  std::vector<Hypothesis> live;
  std::vector<size_t> parents;
  for (const Candidate& candidate : candidates) {
    if (candidate.token != eot_) {
      live.push_back(Continue(candidate));
      parents.push_back(candidate.parent);
      if (live.size() == beam_size_) break;
    } else if (done_.size() < max_done_) {
      done_.push_back(Continue(candidate));
    }
  }
  live_ = std::move(live);
  if (done_.size() >= max_done_) parents.clear();
  return parents;
}

std::vector<Hypothesis> BeamSearchDecoder::Finalize() {
  // Of texts of equal score the later one, as the reference's reversed argsort.
  std::vector<Hypothesis> rest(live_.rbegin(), live_.rend());
  std::stable_sort(rest.begin(), rest.end(), [](const Hypothesis& a, const Hypothesis& b) {
    return a.sum_logprob > b.sum_logprob;
  });
  for (Hypothesis& text : rest) {
    if (done_.size() >= beam_size_) break;
    done_.push_back(std::move(text));
  }
  return std::move(done_);
}

}  // namespace sotto
