#include "kernels/packed_product.h"

#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/float16.h"
#include "threads.h"

namespace sotto::neuron {
namespace {

struct Size {
  size_t batches, rows, depth, columns;
};

// One of each kind of edge: of a tile, a panel, a block of rows, a block of depth.
const Size kSizes[] = {{1, 1, 1, 1},   {1, 1, 600, 33}, {2, 13, 7, 16},
                       {3, 12, 32, 5}, {1, 97, 40, 50}, {1, 200, 513, 70}};

// Left [batches, rows, depth] by right [batches, depth, columns], or with `turned` [batches,
// columns, depth]. `multiply` is given what Multiply takes but for the rounding.
template <typename Sum, typename Element, typename In, typename Multiply>
std::vector<Sum> Product(const Size& size, const std::vector<In>& left, int32_t left_zero,
                         const std::vector<In>& right, int32_t right_zero, bool turned,
                         const Multiply& multiply) {
  Threads threads(3);
  PackedMatrices<Element> packed;
  packed.Pack(right.data(),
              {size.batches, size.depth, size.columns, size.depth * size.columns,
               turned ? 1 : size.columns, turned ? size.depth : 1, right_zero},
              threads);
  std::vector<Sum> sums(size.batches * size.rows * size.columns);
  const ProductPieces pieces(size.batches, size.rows, size.depth, size.columns, 3);
  threads.For(pieces.count(), [&](size_t i, Workspace& workspace) {
    const ProductPiece piece = pieces[i];
    const size_t row = piece.batch * size.rows + piece.row;
    const LeftRows<In> rows = {left.data() + row * size.depth, piece.rows, size.depth, 1,
                               left_zero};
    multiply(rows, packed, piece, sums.data() + row * size.columns + piece.column(), size.columns,
             workspace);
  });
  return sums;
}

template <typename In>
double Exact(const Size& size, const std::vector<In>& left, int32_t left_zero,
             const std::vector<In>& right, int32_t right_zero, bool turned, size_t element) {
  const size_t column = element % size.columns, row = element / size.columns % size.rows;
  const size_t batch = element / size.columns / size.rows;
  double sum = 0;
  for (size_t k = 0; k < size.depth; ++k) {
    const size_t at = turned ? (batch * size.columns + column) * size.depth + k
                             : (batch * size.depth + k) * size.columns + column;
    const double a = left[(batch * size.rows + row) * size.depth + k];
    sum += (a - left_zero) * (double{1} * right[at] - right_zero);
  }
  return sum;
}

template <typename In>
void CheckIntegers(int32_t min, int32_t max, int32_t zero) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int32_t> any(min, max);
  for (const Size& size : kSizes) {
    std::vector<In> left(size.batches * size.rows * size.depth);
    std::vector<In> right(size.batches * size.depth * size.columns);
    for (In& x : left) x = static_cast<In>(any(random));
    for (In& x : right) x = static_cast<In>(any(random));
    const auto sums = Product<double, int16_t>(size, left, zero, right, zero, true,
                                               [](auto&&... a) { Multiply(a...); });
    for (size_t i = 0; i < sums.size(); ++i) {
      REQUIRE(sums[i] == Exact(size, left, zero, right, zero, true, i));
    }
  }
}

std::vector<float> Normal(size_t n, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& one : x) one = RoundedToFloat16(normal(random));
  return x;
}

// The largest difference from the exact sums.
double Worst(const Size& size, bool turned, bool round) {
  std::mt19937 random(1);
  const std::vector<float> left = Normal(size.batches * size.rows * size.depth, random);
  const std::vector<float> right = Normal(size.batches * size.depth * size.columns, random);
  const auto sums = Product<float, float>(
      size, left, 0, right, 0, turned,
      [&](auto& rows, auto& packed, auto& piece, float* to, size_t step, Workspace& workspace) {
        Multiply(rows, packed, piece, to, step, round, workspace);
      });
  double worst = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (round) REQUIRE(sums[i] == RoundedToFloat16(sums[i]));
    worst = std::max(worst, std::fabs(sums[i] - Exact(size, left, 0, right, 0, turned, i)));
  }
  return worst;
}

}  // namespace

TEST_CASE("A product of floats is the sum of its products, whatever its sizes") {
  for (const Size& size : kSizes) {
    CHECK(Worst(size, false, false) < 1e-4);  // 600 sums of numbers about 1, in float32
    CHECK(Worst(size, true, false) < 1e-4);
  }
}

TEST_CASE("A product of integers is exact") {
  CheckIntegers<int8_t>(-128, 127, -3);
  CheckIntegers<uint8_t>(0, 255, 200);
  CheckIntegers<int16_t>(-32768, 32767, 0);
}

TEST_CASE("Sums in fp16 lose more than sums in fp32") {
  const double worst = Worst({1, 200, 513, 70}, false, true);
  CHECK(worst > 1e-3);
  CHECK(worst < 0.5);
}

}  // namespace sotto::neuron
