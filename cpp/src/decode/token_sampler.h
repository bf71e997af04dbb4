// Draws tokens from softmax(logits / temperature).

#ifndef SOTTO_SRC_DECODE_TOKEN_SAMPLER_H_
#define SOTTO_SRC_DECODE_TOKEN_SAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace sotto {

// The same seed and logits give the same tokens on every machine: std::mt19937_64, whose numbers
// the standard fixes, and of each one its upper 53 bits as a uniform number in [0, 1), which the
// inverse of the cumulative distribution turns into a token. The standard's own distributions
// differ from library to library.
class TokenSampler {
 public:
  // temperature > 0.
  TokenSampler(double temperature, uint64_t seed);

  // One of logits [count]; never one of -infinity. None if all are.
  std::optional<size_t> Draw(const float* logits, size_t count);

 private:
  float inverse_temperature_;
  std::mt19937_64 generator_;
  std::vector<float> weights_;      // [count], of the last logits
  std::vector<double> block_sums_;  // of the weights
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_TOKEN_SAMPLER_H_
