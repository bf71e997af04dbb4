// Arithmetic over one position's logits, as fast as a vocabulary of 50,000 needs.

#ifndef SOTTO_SRC_DECODE_LOG_SOFTMAX_H_
#define SOTTO_SRC_DECODE_LOG_SOFTMAX_H_

#include <cstddef>
#include <vector>

namespace sotto {

// out[i] = e^((logits[i] - largest) * scale) for logits [count] that `largest` is the largest of;
// 0 where that is below e^-87, the end of float's normal range. To 2 units in the last place of
// the product's exponential, and the same on every machine, so that a seed draws the same tokens.
void Exponentials(const float* logits, size_t count, float largest, float scale, float* out);

// Of values [count], in an order that is the same on every machine.
double Sum(const float* values, size_t count);

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

#endif  // SOTTO_SRC_DECODE_LOG_SOFTMAX_H_
