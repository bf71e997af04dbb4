// Arithmetic over one position's logits, as fast as a vocabulary of 50,000 needs.

#ifndef SOTTO_SRC_LOG_SOFTMAX_H_
#define SOTTO_SRC_LOG_SOFTMAX_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace sotto {

// e^x for x <= 0, to 2 units in the last place; 0 below -87, where the result leaves float's
// normal range. Without calls and branches, so that loops over it become vector code, and the
// same on every machine, so that a seed draws the same tokens (Cephes, expf).
inline float ExpOfNegative(float x) {
  constexpr float kLeast = -87.0f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  const float clamped = x > kLeast ? x : kLeast;
  const float shifted = clamped * 1.44269504f + kRound;  // / ln 2
  const float n = shifted - kRound;
  const float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float mantissa = p * r * r + r + 1.0f;
  int32_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = static_cast<int32_t>(static_cast<uint32_t>(bits + 127) << 23);  // 2^n
  float power = 0;
  std::memcpy(&power, &bits, sizeof(power));
  return x < kLeast ? 0.0f : mantissa * power;
}

// Largest of `count` > 0 values.
float Largest(const float* values, size_t count);

// Index of the first of the largest of `count` > 0 values, as torch.argmax.
size_t ArgMax(const float* values, size_t count);

// Indices of the `k` largest of `count` values, largest first, the first of equal ones first;
// fewer if so many are not above -infinity.
std::vector<size_t> TopK(const float* values, size_t count, size_t k);

// Turns logits into log probabilities: torch.log_softmax in float32.
class LogSoftmax {
 public:
  // Of logits [count], count > 0.
  LogSoftmax(const float* logits, size_t count);

  float operator()(float logit) const { return (logit - largest_) - log_sum_; }

  // log(sum(exp(logits))); -infinity if all logits are.
  double log_sum_exp() const;

 private:
  float largest_;
  float log_sum_;  // of exp(logit - largest)
};

}  // namespace sotto

#endif  // SOTTO_SRC_LOG_SOFTMAX_H_
