#include "whisper/attention_matrix.h"

#include <doctest.h>

#include <cmath>

namespace sotto {
namespace {

constexpr size_t kTokens = 3;
constexpr size_t kPositions = 30;

// Token i looks at the 10 positions from 10 * i on.
std::vector<float> Staircase(size_t heads) {
  std::vector<float> scores(heads * kTokens * kPositions);
  for (size_t i = 0; i < scores.size(); ++i) {
    const size_t token = i / kPositions % kTokens;
    scores[i] = i % kPositions / 10 == token ? 5.0f : 0.0f;
  }
  return scores;
}

TEST_CASE("a token's attention stands out over the other tokens' where it looks") {
  const std::vector<float> matrix =
      AttentionMatrix(Staircase(2).data(), 2, kTokens, kPositions, 30);
  REQUIRE(matrix.size() == kTokens * kPositions);
  for (size_t i = 0; i < matrix.size(); ++i) {
    // One of three values that stands out, standardised: the square root of 2, else of 1/2.
    const bool looks = i % kPositions / 10 == i / kPositions;
    CHECK(matrix[i] == doctest::Approx(looks ? std::sqrt(2.0) : -std::sqrt(0.5)));
  }
}

TEST_CASE("only what was heard counts") {
  const std::vector<float> matrix =
      AttentionMatrix(Staircase(1).data(), 1, kTokens, kPositions, 20);
  CHECK(matrix.size() == kTokens * 20);
  // The third token finds nothing in it: evenly spread, it is between the other two.
  CHECK(matrix[0] == doctest::Approx(std::sqrt(1.5)));
}

}  // namespace
}  // namespace sotto
