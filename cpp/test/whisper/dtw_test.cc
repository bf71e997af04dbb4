// Compared with openai-whisper's dtw_cpu in test/runtime/test_timing.py.

#include "whisper/dtw.h"

#include <doctest.h>

#include <limits>

namespace sotto {
namespace {

TEST_CASE("a path follows the cheapest cells from corner to corner") {
  const float cost[] = {0, 0, 9, 9,  //
                        9, 9, 0, 9,  //
                        9, 9, 9, 0};
  const WarpPath path = Dtw(cost, 3, 4);
  CHECK(path.rows == std::vector<int>{0, 0, 1, 2});
  CHECK(path.columns == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("of equally cheap ways the path comes along the row") {
  const float equal[] = {1, 0, 0, 1};  // both ways round cost as much as the diagonal
  const WarpPath path = Dtw(equal, 2, 2);
  CHECK(path.rows == std::vector<int>{0, 1, 1});
  CHECK(path.columns == std::vector<int>{0, 0, 1});
}

TEST_CASE("a single row or column is its own path") {
  const float cost[] = {1, 2, 3};
  CHECK(Dtw(cost, 1, 3).columns == std::vector<int>{0, 1, 2});
  CHECK(Dtw(cost, 3, 1).rows == std::vector<int>{0, 1, 2});
}

TEST_CASE("costs that are no numbers give a path all the same") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float cost[] = {nan, nan, nan, nan};
  const WarpPath path = Dtw(cost, 2, 2);
  CHECK(path.rows.back() == 1);
  CHECK(path.columns.back() == 1);
  CHECK(path.rows.size() == path.columns.size());
}

}  // namespace
}  // namespace sotto
