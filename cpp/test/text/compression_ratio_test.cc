#include "text/compression_ratio.h"

#include <doctest.h>

#include <string>

namespace sotto {
namespace {

// Sizes are those of Python's len(zlib.compress(text)).
TEST_CASE("a text's compression ratio is its size over zlib's") {
  CHECK(CompressionRatio("a") == 1.0f / 9);
  CHECK(CompressionRatio("Ask not what your country can do for you.") == 41.0f / 47);
  std::string repeated;
  for (int i = 0; i < 40; ++i) repeated += "thank you ";
  CHECK(CompressionRatio(repeated) == 400.0f / 23);
}

TEST_CASE("no text has a compression ratio of 0") { CHECK(CompressionRatio("") == 0.0f); }

}  // namespace
}  // namespace sotto
