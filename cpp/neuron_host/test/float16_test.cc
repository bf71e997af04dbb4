#include "kernels/float16.h"

#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

// By the definition: the nearest multiple of the step at x's magnitude, ties to an even one.
float Expected(float x) {
  if (!std::isfinite(x)) return x;
  int exponent = 0;
  std::frexp(x, &exponent);  // |x| in [2^(exponent - 1), 2^exponent)
  const int step = std::max(exponent - 11, -24);
  const double rounded = std::nearbyint(std::ldexp(double{x}, -step)) * std::ldexp(1.0, step);
  return std::fabs(rounded) > 65504 ? std::copysign(INFINITY, x) : static_cast<float>(rounded);
}

}  // namespace

TEST_CASE("Every fp16 number is itself after rounding, and comes back from its 16 bits") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float x = FromFloat16(static_cast<uint16_t>(bits));
    if (std::isnan(x)) {
      CHECK(std::isnan(RoundedToFloat16(x)));
      continue;
    }
    REQUIRE(BitsOf(RoundedToFloat16(x)) == BitsOf(x));
    REQUIRE(ToFloat16(x) == bits);
  }
}

TEST_CASE("Numbers are rounded to the nearest fp16 number, ties to even") {
  std::vector<float> x = {1 + 0x1p-11F, 1 + 3 * 0x1p-11F, 65519,    65520, -70000, 0x1p-25F,
                          3e-8F,        -1e-9F,           0x1p-14F, 0,     -0.0F,  INFINITY};
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const float any = FloatOf(static_cast<uint32_t>(random()));
    if (!std::isnan(any)) x.push_back(any);
    x.push_back(
        std::ldexp(static_cast<float>(random() % 8192) / 4, static_cast<int>(random() % 40) - 32));
  }
  std::vector<float> y(x.size());
  RoundToFloat16(x.data(), y.data(), x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    REQUIRE(BitsOf(y[i]) == BitsOf(Expected(x[i])));
    REQUIRE(BitsOf(RoundedToFloat16(x[i])) == BitsOf(y[i]));
  }
  CHECK(std::isnan(RoundedToFloat16(NAN)));
}

}  // namespace sotto::neuron
