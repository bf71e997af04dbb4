#ifndef SOTTO_TEST_DECODE_LOGITS_H_
#define SOTTO_TEST_DECODE_LOGITS_H_

#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

namespace sotto {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kEot = 3;

// Log probabilities of these, which need not sum to 1.
inline std::vector<float> Logits(std::initializer_list<double> probabilities) {
  std::vector<float> logits;
  for (double probability : probabilities) {
    logits.push_back(static_cast<float>(std::log(probability)));
  }
  return logits;
}

}  // namespace sotto

#endif  // SOTTO_TEST_DECODE_LOGITS_H_
