#include "kernels/vector_math.h"

#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace sotto::neuron {
namespace {

std::vector<float> Grid(float min, float max, size_t n) {
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i) {
    x[i] = min + (max - min) * static_cast<float>(i) / static_cast<float>(n - 1);
  }
  return x;
}

// The largest difference, relative where numbers are small.
template <typename Function>
double Worst(void (*function)(const float*, float*, size_t), const std::vector<float>& x,
             const Function& exact) {
  std::vector<float> y(x.size());
  function(x.data(), y.data(), x.size());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = exact(double{x[i]});
    worst = std::max(worst, std::fabs(y[i] - expected) / std::max(std::fabs(expected), 1e-30));
  }
  return worst;
}

}  // namespace

// Float32's last place is 6e-8 of a number; each of these takes a handful of roundings.
TEST_CASE("tanh and the logistic function are exact to a few units in the last place") {
  const auto tanh = [](double x) { return std::tanh(x); };
  CHECK(Worst(Tanh, Grid(-12, 12, 100001), tanh) < 5e-7);
  CHECK(Worst(Tanh, Grid(-1e-3F, 1e-3F, 1001), tanh) < 5e-7);
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(Worst(Logistic, Grid(-80, 80, 100001), logistic) < 1e-6);
}

TEST_CASE("What is not finite is what the function says of it") {
  const std::vector<float> x = {INFINITY, -INFINITY, NAN};
  std::vector<float> y(3);
  Tanh(x.data(), y.data(), 3);
  CHECK(y[0] == 1);
  CHECK(y[1] == -1);
  CHECK(std::isnan(y[2]));
  Logistic(x.data(), y.data(), 3);
  CHECK(y[0] == 1);
  CHECK(y[1] == 0);
  CHECK(std::isnan(y[2]));
}

TEST_CASE("GELU's two forms differ in the fourth digit, and each is its own formula") {
  const std::vector<float> x = Grid(-4, 4, 999);
  std::vector<float> tanh(x.size()), erf(x.size());
  GeluTanh(x.data(), tanh.data(), x.size());
  GeluErf(x.data(), erf.data(), x.size());
  double apart = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i], inner = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
    CHECK(tanh[i] == doctest::Approx(0.5 * v * (1 + std::tanh(inner))).epsilon(1e-5));
    CHECK(erf[i] == doctest::Approx(0.5 * v * (1 + std::erf(v / std::sqrt(2.0)))).epsilon(1e-5));
    apart = std::max<double>(apart, std::fabs(tanh[i] - erf[i]));
  }
  CHECK(apart > 1e-4);
  CHECK(apart < 1e-3);
}

TEST_CASE("A row of softmax sums to 1, and a masked place has nothing") {
  for (const size_t n : {1U, 5U, 16U, 37U, 1500U}) {
    std::vector<float> x = Grid(-3, 3, n + 1), y(n);
    if (n > 1) x[1] = -10000;
    Softmax(x.data(), y.data(), n, 1);
    double sum = 0, expected = 0;
    for (size_t i = 0; i < n; ++i) expected += std::exp(double{x[i]});
    for (size_t i = 0; i < n; ++i) {
      sum += y[i];
      CHECK(y[i] == doctest::Approx(std::exp(double{x[i]}) / expected).epsilon(1e-5));
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-5));
    if (n > 1) CHECK(y[1] == 0);
  }
}

TEST_CASE("Quantising rounds to the nearest integer, ties to even, within the type's range") {
  const std::vector<float> x = {0.25F, 0.75F, -0.25F, 100, -100, NAN, 0.6F};
  std::vector<int8_t> q(x.size());
  Quantize(x.data(), q.data(), x.size(), 0.5F, 3, -128, 127);
  CHECK(q == std::vector<int8_t>{3, 5, 3, 127, -128, -128, 4});
  std::vector<float> y(x.size());
  Dequantize(q.data(), y.data(), q.size(), 0.5F, 3);
  CHECK(y[1] == 1);
  CHECK(y[3] == 62);
}

}  // namespace sotto::neuron
