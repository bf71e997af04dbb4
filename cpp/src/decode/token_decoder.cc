#include "decode/token_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "decode/beam_search.h"
#include "decode/log_softmax.h"

namespace sotto {
namespace {

// Adds `token` to `text`; false if that ends it.
bool Append(int token, float logprob, int eot, Hypothesis* text) {
  text->sum_logprob += logprob;
  if (token == eot) return false;
  text->tokens.push_back(token);
  text->logprobs.push_back(logprob);
  return true;
}

}  // namespace

std::vector<size_t> GreedyDecoder::Update(const std::vector<const float*>& logits) {
  const size_t token = ArgMax(logits[0], n_vocab_);
  const LogSoftmax log_softmax(logits[0], n_vocab_);
  const float logprob = log_softmax(logits[0][token]);
  // Filters of the caller's own may forbid everything: then the text is done.
  if (!std::isfinite(logprob)) return {};
  if (!Append(static_cast<int>(token), logprob, eot_, &live_[0])) return {};
  return {0};
}

std::vector<Hypothesis> GreedyDecoder::Finalize() { return std::move(live_); }

SamplingDecoder::SamplingDecoder(int samples, double temperature, uint64_t seed, int eot,
                                 size_t n_vocab)
    : eot_(eot), n_vocab_(n_vocab), sampler_(temperature, seed) {
  done_.resize(static_cast<size_t>(samples));
}

std::vector<size_t> SamplingDecoder::Update(const std::vector<const float*>& logits) {
  std::vector<size_t> parents;
  if (sample_of_.empty()) {
    for (size_t sample = 0; sample < done_.size(); ++sample) sample_of_.push_back(sample);
    parents.assign(done_.size(), 0);
  } else {
    for (size_t i = 0; i < live_.size(); ++i) parents.push_back(i);
  }
  std::vector<LogSoftmax> log_softmax;
  for (const float* row : logits) log_softmax.emplace_back(row, n_vocab_);
  std::vector<Hypothesis> live;
  std::vector<size_t> live_parents, live_samples;
  for (size_t i = 0; i < parents.size(); ++i) {
    const size_t parent = parents[i];
    Hypothesis text = live_[parent];
    const std::optional<size_t> token = sampler_.Draw(logits[parent], n_vocab_);
    const bool goes_on = token && Append(static_cast<int>(*token),
                                         log_softmax[parent](logits[parent][*token]), eot_, &text);
    if (!goes_on) {
      done_[sample_of_[i]] = std::move(text);
      continue;
    }
    live.push_back(std::move(text));
    live_parents.push_back(parent);
    live_samples.push_back(sample_of_[i]);
  }
  live_ = std::move(live);
  sample_of_ = std::move(live_samples);
  return live_parents;
}

std::vector<Hypothesis> SamplingDecoder::Finalize() {
  for (size_t i = 0; i < sample_of_.size(); ++i) done_[sample_of_[i]] = std::move(live_[i]);
  return std::move(done_);
}

std::unique_ptr<TokenDecoder> MakeTokenDecoder(const SearchOptions& options, int eot,
                                               size_t n_vocab) {
  if (options.temperature > 0) {
    return std::make_unique<SamplingDecoder>(std::max(1, options.samples), options.temperature,
                                             options.seed, eot, n_vocab);
  }
  if (options.beam_size > 0) {
    return std::make_unique<BeamSearchDecoder>(options.beam_size, options.patience, eot, n_vocab);
  }
  return std::make_unique<GreedyDecoder>(eot, n_vocab);
}

size_t MostLikely(const std::vector<Hypothesis>& candidates, std::optional<double> length_penalty) {
  size_t best = 0;
  double highest = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < candidates.size(); ++i) {
    // The reference divides by 0 for a text without tokens.
    const double length = static_cast<double>(std::max<size_t>(1, candidates[i].tokens.size()));
    const double penalty =
        length_penalty ? std::pow((5.0 + static_cast<double>(candidates[i].tokens.size())) / 6.0,
                                  *length_penalty)
                       : length;
    const double score = candidates[i].sum_logprob / penalty;
    if (score > highest) {
      highest = score;
      best = i;
    }
  }
  return best;
}

}  // namespace sotto
