#include "decode/token_sampler.h"

#include <doctest.h>

#include <cmath>
#include <vector>

#include "decode/logits.h"

namespace sotto {
namespace {

std::vector<size_t> Draws(const std::vector<float>& logits, double temperature, uint64_t seed,
                          size_t count) {
  TokenSampler sampler(temperature, seed);
  std::vector<size_t> draws;
  for (size_t i = 0; i < count; ++i) draws.push_back(*sampler.Draw(logits.data(), logits.size()));
  return draws;
}

// Pearson's statistic of `draws` against softmax(logits / temperature).
double ChiSquare(const std::vector<float>& logits, double temperature,
                 const std::vector<size_t>& draws) {
  std::vector<double> expected;
  double sum = 0;
  for (float logit : logits) {
    expected.push_back(std::exp(logit / temperature));
    sum += expected.back();
  }
  std::vector<double> drawn(logits.size());
  for (size_t draw : draws) ++drawn[draw];
  double chi_square = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double count = expected[i] / sum * static_cast<double>(draws.size());
    if (count > 0) chi_square += (drawn[i] - count) * (drawn[i] - count) / count;
  }
  return chi_square;
}

TEST_CASE("tokens are drawn as often as they are likely") {
  const std::vector<float> logits = {1.0f, 0.0f, 2.0f, -1.0f, 0.5f, 1.5f, -0.5f, 0.2f, 1.1f, 0.9f};
  for (double temperature : {0.5, 1.0, 2.0}) {
    // 9 degrees of freedom: above 27.9 once in a thousand; and the seed is fixed.
    CHECK(ChiSquare(logits, temperature, Draws(logits, temperature, 1, 20000)) < 27.9);
  }
  // The test has the power to tell: drawn at another temperature, it fails by far.
  CHECK(ChiSquare(logits, 1.0, Draws(logits, 1.2, 1, 20000)) > 100);
}

TEST_CASE("tokens of a whole vocabulary are drawn wherever they are") {
  std::vector<float> logits(51865, -kInfinity);
  const std::vector<size_t> likely = {0, 255, 256, 50000, 51864};
  for (size_t token : likely) logits[token] = 2.0f;
  std::vector<size_t> drawn(logits.size());
  for (size_t draw : Draws(logits, 0.7, 3, 1000)) ++drawn[draw];
  size_t sum = 0;
  for (size_t token : likely) {
    CHECK(drawn[token] > 150);  // 200 expected, deviation 13
    sum += drawn[token];
  }
  CHECK(sum == 1000);
}

TEST_CASE("the same seed draws the same tokens, another one others") {
  const std::vector<float> logits(1000, 0.0f);
  CHECK(Draws(logits, 1.0, 5, 50) == Draws(logits, 1.0, 5, 50));
  CHECK(Draws(logits, 1.0, 5, 50) != Draws(logits, 1.0, 6, 50));
}

TEST_CASE("a seed draws these tokens on every machine") {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 17) * 0.25f;
  // Of equal weights: floor(u * 1000), u the upper 53 bits of std::mt19937_64's first numbers.
  CHECK(Draws(std::vector<float>(1000, 0.0f), 1.0, 5489, 4) ==
        std::vector<size_t>{786, 250, 710, 946});
  // By the definition, in Python with doubles.
  CHECK(Draws(logits, 0.8, 42, 6) == std::vector<size_t>{757, 642, 747, 135, 900, 99});
}

TEST_CASE("nothing is drawn where everything is forbidden") {
  const std::vector<float> logits(20, -kInfinity);
  CHECK(!TokenSampler(1.0, 0).Draw(logits.data(), logits.size()).has_value());
}

TEST_CASE("a low temperature draws the likeliest token") {
  const std::vector<float> logits = {0.0f, 1.0f, 0.9f};
  for (size_t draw : Draws(logits, 1e-4, 9, 100)) CHECK(draw == 1);
}

}  // namespace
}  // namespace sotto
