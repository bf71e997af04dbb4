// What the graphs make of it is compared with sentence-transformers in test/embed.

#include "embed/embedding_text.h"

#include <doctest.h>

#include <optional>
#include <vector>

namespace sotto {
namespace {

std::vector<float> Pool(Pooling pooling, std::optional<int> eot, const std::vector<int>& ids) {
  TextEncoderSpec text;
  text.pooling = pooling;
  text.eot_token = eot;
  std::vector<float> pool(5, 9.0f);  // what an earlier text left
  WritePool(ids, text, pool.size(), pool.data());
  return pool;
}

TEST_CASE("the mean is over the text's tokens and not over the padding") {
  CHECK(Pool(Pooling::kMean, {}, {7, 8, 9, 7}) == std::vector<float>{0.25, 0.25, 0.25, 0.25, 0});
}

TEST_CASE("cls is the first position, last the last token's") {
  CHECK(Pool(Pooling::kCls, {}, {7, 8, 9}) == std::vector<float>{1, 0, 0, 0, 0});
  CHECK(Pool(Pooling::kLast, {}, {7, 8, 9}) == std::vector<float>{0, 0, 1, 0, 0});
}

TEST_CASE("eot is the first such token, and where none is named the first of the largest id") {
  CHECK(Pool(Pooling::kEot, 8, {7, 8, 9, 8}) == std::vector<float>{0, 1, 0, 0, 0});
  CHECK(Pool(Pooling::kEot, {}, {7, 8, 9, 9}) == std::vector<float>{0, 0, 1, 0, 0});
}

}  // namespace
}  // namespace sotto
