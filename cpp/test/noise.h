#ifndef SOTTO_TEST_NOISE_H_
#define SOTTO_TEST_NOISE_H_

#include <cstddef>
#include <random>
#include <vector>

namespace sotto {

// Samples of white noise, the same for each seed.
inline std::vector<float> Noise(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.1f);
  std::vector<float> samples(n);
  for (float& sample : samples) sample = normal(random);
  return samples;
}

}  // namespace sotto

#endif  // SOTTO_TEST_NOISE_H_
