#include "decode/log_softmax.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "decode/logits.h"

namespace sotto {
namespace {

std::vector<float> RandomLogits(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 6);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(generator);
  return logits;
}

TEST_CASE("exponentials are those of the standard library to 2 units in the last place") {
  std::vector<float> x, e;
  for (float value = -86.9f; value <= 0; value += 0.0137f) x.push_back(value);
  x.push_back(0);
  e.resize(x.size());
  Exponentials(x.data(), x.size(), 0, 1, e.data());
  for (size_t i = 0; i < x.size(); ++i) {
    CHECK(e[i] == doctest::Approx(std::exp(static_cast<double>(x[i]))).epsilon(2.4e-7));
  }
}

TEST_CASE("the exponential of what is forbidden is nothing") {
  const std::vector<float> logits = {-kInfinity, 3.0f, -200.0f};
  std::vector<float> e(3);
  Exponentials(logits.data(), 3, 3.0f, 0.5f, e.data());
  CHECK(e == std::vector<float>{0.0f, 1.0f, 0.0f});
}

TEST_CASE("log probabilities are log-softmax for every count") {
  for (size_t count : {1, 2, 15, 16, 17, 99, 1023, 1024, 1025, 51865}) {
    const std::vector<float> logits = RandomLogits(count, static_cast<unsigned>(count));
    double sum = 0;
    for (float logit : logits) sum += std::exp(static_cast<double>(logit));
    const LogSoftmax log_softmax(logits.data(), count);
    CHECK(log_softmax.log_sum_exp() == doctest::Approx(std::log(sum)).epsilon(1e-6));
    CHECK(log_softmax(logits[0]) == doctest::Approx(logits[0] - std::log(sum)).epsilon(1e-6));
    CHECK(log_softmax(-kInfinity) == -kInfinity);
  }
}

TEST_CASE("the log-sum-exp of nothing but what is forbidden is minus infinity") {
  const std::vector<float> logits(40, -kInfinity);
  CHECK(LogSoftmax(logits.data(), logits.size()).log_sum_exp() == -kInfinity);
}

TEST_CASE("the largest of equal values is the first") {
  for (size_t count : {1, 5, 16, 1000, 1024, 3000, 51865}) {
    const std::vector<float> random = RandomLogits(count, 7);
    const auto largest = std::max_element(random.begin(), random.end());
    CHECK(Largest(random.data(), count) == *largest);
    CHECK(ArgMax(random.data(), count) == static_cast<size_t>(largest - random.begin()));
    std::vector<float> equal(count, 1.0f);
    CHECK(ArgMax(equal.data(), count) == 0);
    std::fill_n(equal.begin(), count / 2, -kInfinity);
    CHECK(ArgMax(equal.data(), count) == count / 2);
  }
  const std::vector<float> forbidden(2000, -kInfinity);
  CHECK(ArgMax(forbidden.data(), forbidden.size()) == 0);
}

TEST_CASE("the k largest come in order, the first of equal ones first") {
  for (size_t count : {1, 6, 100, 1024, 5000}) {
    std::vector<float> values = RandomLogits(count, 3);
    for (float& value : values) value = std::round(value);  // many are equal
    std::vector<size_t> order(count);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return values[a] > values[b]; });
    order.resize(std::min<size_t>(6, count));
    CHECK(TopK(values.data(), count, 6) == order);
  }
}

TEST_CASE("what is forbidden is not among the k largest") {
  std::vector<float> values(1500, -kInfinity);
  values[1400] = -3;
  values[2] = -4;
  CHECK(TopK(values.data(), values.size(), 4) == std::vector<size_t>{1400, 2});
}

TEST_CASE("a sum is that of its values") {
  const std::vector<float> values = RandomLogits(4321, 5);
  CHECK(Sum(values.data(), values.size()) ==
        doctest::Approx(std::accumulate(values.begin(), values.end(), 0.0)).epsilon(1e-4));
  CHECK(Sum(values.data(), 0) == 0);
}

}  // namespace
}  // namespace sotto
