#include "whisper/median_filter.h"

#include <algorithm>
#include <vector>

namespace sotto {
namespace {

// Values at a time: small enough for the cache, long enough for the compiler's vector code.
constexpr size_t kBlock = 128;

// Lets each of n pairs ascend.
void Order(size_t n, float* low, float* high) {
  for (size_t i = 0; i < n; ++i) {
    const float a = low[i];
    const float b = high[i];
    const bool swapped = (b < a) | (a != a);
    low[i] = swapped ? b : a;
    high[i] = swapped ? a : b;
  }
}

}  // namespace

void MedianFilter(size_t rows, size_t columns, size_t width, float* x) {
  const size_t pad = width / 2;
  if (columns <= pad) return;
  std::vector<float> padded(columns + 2 * pad);
  std::vector<float> window(width * kBlock);  // row k: the values k places on
  for (size_t row = 0; row < rows; ++row) {
    float* values = x + row * columns;
    std::copy_n(values, columns, padded.begin() + static_cast<std::ptrdiff_t>(pad));
    for (size_t i = 0; i < pad; ++i) {
      padded[i] = values[pad - i];
      padded[pad + columns + i] = values[columns - 2 - i];
    }
    for (size_t first = 0; first < columns; first += kBlock) {
      const size_t n = std::min(kBlock, columns - first);
      for (size_t k = 0; k < width; ++k) {
        std::copy_n(&padded[first + k], n, &window[k * kBlock]);
      }
      // Odd-even transposition sort of all n windows at once.
      for (size_t pass = 0; pass < width; ++pass) {
        for (size_t k = pass % 2; k + 1 < width; k += 2) {
          Order(n, &window[k * kBlock], &window[(k + 1) * kBlock]);
        }
      }
      std::copy_n(&window[pad * kBlock], n, values + first);
    }
  }
}

}  // namespace sotto
