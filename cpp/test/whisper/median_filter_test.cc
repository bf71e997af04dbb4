// Compared with openai-whisper's median_filter in test/runtime/test_timing.py.

#include "whisper/median_filter.h"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace sotto {
namespace {

std::vector<float> Filter(std::vector<float> x, size_t rows, size_t width) {
  MedianFilter(rows, x.size() / rows, width, x.data());
  return x;
}

TEST_CASE("an outlier is filtered out and an edge is kept") {
  CHECK(Filter({0, 0, 9, 0, 0, 5, 5, 5}, 1, 3) == std::vector<float>{0, 0, 0, 0, 0, 5, 5, 5});
}

TEST_CASE("beyond the ends is the mirror image, without the end itself") {
  // 2 1 | 1 ... : the window around the first value is 3 2 1 2 3.
  CHECK(Filter({1, 2, 3, 4, 5}, 1, 5) == std::vector<float>{2, 2, 3, 4, 4});
}

TEST_CASE("rows are filtered one by one") {
  CHECK(Filter({0, 9, 0, 1, 8, 1}, 2, 3) == std::vector<float>{9, 0, 9, 8, 1, 8});
}

TEST_CASE("rows too short to be mirrored stay as they are") {
  CHECK(Filter({3, 1, 2}, 1, 7) == std::vector<float>{3, 1, 2});
  CHECK(Filter({3, 1, 2, 0}, 1, 7) != std::vector<float>{3, 1, 2, 0});
  CHECK(Filter({3, 1, 2}, 1, 1) == std::vector<float>{3, 1, 2});
}

TEST_CASE("what is not a number counts as the largest") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> filtered = Filter({1, nan, 2, nan, 3}, 1, 3);
  CHECK(filtered[2] != filtered[2]);  // of nan 2 nan
  CHECK(Filter({1, nan, 2, 3, 4}, 1, 3)[2] == 3);
}

TEST_CASE("rows longer than the filter's block have no seams") {
  std::vector<float> ramp(1000);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  const std::vector<float> filtered = Filter(ramp, 1, 7);
  for (size_t i = 3; i + 3 < ramp.size(); ++i) CHECK(filtered[i] == ramp[i]);
}

}  // namespace
}  // namespace sotto
