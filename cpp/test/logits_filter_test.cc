#include "logits_filter.h"

#include <doctest.h>

#include <cmath>
#include <vector>

namespace sotto {
namespace {

std::vector<bool> Forbidden(const LogitsFilter& filter, const std::vector<int>& sampled) {
  std::vector<float> logits = {0.5f, -1.0f, 2.0f, 30.0f};
  const std::vector<float> before = logits;
  filter.Apply(sampled, logits.data());
  std::vector<bool> forbidden;
  for (size_t i = 0; i < logits.size(); ++i) {
    forbidden.push_back(std::isinf(logits[i]) && logits[i] < 0);
    if (!forbidden[i]) CHECK(logits[i] == before[i]);
  }
  return forbidden;
}

TEST_CASE("suppressed tokens are never sampled") {
  const SuppressTokens filter({0, 3});
  const std::vector<bool> expected = {true, false, false, true};
  CHECK(Forbidden(filter, {}) == expected);
  CHECK(Forbidden(filter, {1, 2}) == expected);
}

TEST_CASE("tokens suppressed at the beginning may come later") {
  const SuppressAtBegin filter({2});
  CHECK(Forbidden(filter, {}) == std::vector<bool>{false, false, true, false});
  CHECK(Forbidden(filter, {1}) == std::vector<bool>{false, false, false, false});
}

TEST_CASE("filters of nothing change nothing") {
  CHECK(Forbidden(SuppressTokens({}), {}) == std::vector<bool>(4, false));
  CHECK(Forbidden(SuppressAtBegin({}), {}) == std::vector<bool>(4, false));
}

}  // namespace
}  // namespace sotto
