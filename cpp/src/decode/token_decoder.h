// How tokens are chosen step by step. Beam search has a file of its own.

#ifndef SOTTO_SRC_DECODE_TOKEN_DECODER_H_
#define SOTTO_SRC_DECODE_TOKEN_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "decode/token_sampler.h"

namespace sotto {

// How tokens are chosen.
struct SearchOptions {
  double temperature = 0;
  int samples = 1;      // drawn above temperature 0 (best_of)
  int beam_size = 0;    // at temperature 0; 0: greedy
  double patience = 1;  // of beam search (arXiv:2204.05424); 0: 1
  uint64_t seed = 0;    // of the draws above temperature 0
};

// A text that is being decoded, or is done.
struct Hypothesis {
  std::vector<int> tokens;      // sampled, without the end of text
  std::vector<float> logprobs;  // one a token
  float sum_logprob = 0;        // of the tokens and, if it was sampled, the end of text
};

class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;

  // The texts that go on, which all have the same length. At first one without tokens, from
  // which all others come.
  const std::vector<Hypothesis>& live() const { return live_; }

  // Takes each live text one token further. logits[i]: [n_vocab], filtered, of live()[i].
  // Returns for each text that is live then, which one it continues; nothing when all is done.
  virtual std::vector<size_t> Update(const std::vector<const float*>& logits) = 0;

  // The texts to choose from, at least one, also if not all is done.
  virtual std::vector<Hypothesis> Finalize() = 0;

 protected:
  std::vector<Hypothesis> live_ = std::vector<Hypothesis>(1);
};

// The likeliest token at each step (GreedyDecoder at temperature 0).
class GreedyDecoder : public TokenDecoder {
 public:
  GreedyDecoder(int eot, size_t n_vocab) : eot_(eot), n_vocab_(n_vocab) {}

  std::vector<size_t> Update(const std::vector<const float*>& logits) override;
  std::vector<Hypothesis> Finalize() override;

 private:
  int eot_;
  size_t n_vocab_;
};

// Several texts drawn at a temperature (GreedyDecoder above temperature 0). Log probabilities
// are those of the distribution at temperature 1.
class SamplingDecoder : public TokenDecoder {
 public:
  // samples >= 1, temperature > 0.
  SamplingDecoder(int samples, double temperature, uint64_t seed, int eot, size_t n_vocab);

  std::vector<size_t> Update(const std::vector<const float*>& logits) override;
  std::vector<Hypothesis> Finalize() override;

 private:
  int eot_;
  size_t n_vocab_;
  TokenSampler sampler_;
  std::vector<size_t> sample_of_;  // by live text
  std::vector<Hypothesis> done_;   // by sample
};

// What `options` ask for, until the token `eot`, of n_vocab tokens.
std::unique_ptr<TokenDecoder> MakeTokenDecoder(const SearchOptions& options, int eot,
                                               size_t n_vocab);

// Index of the likeliest of the candidates, at least one, for their length: by the sum over the
// length or, with a penalty, over ((5 + length) / 6) ^ penalty, Google NMT's
// (MaximumLikelihoodRanker).
size_t MostLikely(const std::vector<Hypothesis>& candidates, std::optional<double> length_penalty);

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_TOKEN_DECODER_H_
