// Beam search with patience (arXiv:2204.05424).

#ifndef SOTTO_SRC_DECODE_BEAM_SEARCH_H_
#define SOTTO_SRC_DECODE_BEAM_SEARCH_H_

#include <cstddef>
#include <vector>

#include "decode/token_decoder.h"

namespace sotto {

class BeamSearchDecoder : public TokenDecoder {
 public:
  // beam_size >= 1; patience > 0, or 0 for 1: beam_size * patience texts must be done.
  BeamSearchDecoder(int beam_size, double patience, int eot, size_t n_vocab);

  std::vector<size_t> Update(const std::vector<const float*>& logits) override;
  std::vector<Hypothesis> Finalize() override;

 private:
  // A live text and the token after it.
  struct Candidate {
    size_t parent;
    int token;
    float logprob;
    float score;  // sum of all log probabilities
  };

  std::vector<Candidate> Rank(const std::vector<const float*>& logits) const;
  Hypothesis Continue(const Candidate& candidate) const;

  size_t beam_size_;
  size_t max_done_;
  int eot_;
  size_t n_vocab_;
  std::vector<Hypothesis> done_;  // as they were done
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_BEAM_SEARCH_H_
