#include "kernels/product_tile.h"

#include <cstring>

#include "cpu_dispatch.h"
#include "kernels/packed_product.h"

namespace sotto::neuron {
namespace {

// Vectors of the compiler's own, `kBytes` long, so that sums stay in registers.
template <typename Sum, typename Element, size_t kBytes>
struct Vectors {
  static constexpr size_t kLanes = kBytes / sizeof(Sum);
  static constexpr size_t kCount = kPanelColumns / kLanes;  // of a row of a panel
  typedef Sum Sums __attribute__((vector_size(kBytes)));
  typedef Element Elements __attribute__((vector_size(kLanes * sizeof(Element))));
  typedef int32_t Integers __attribute__((vector_size(kLanes * sizeof(int32_t))));

  static SOTTO_INLINE void Widen(const Elements& from, Sums* to) {
    if constexpr (sizeof(Element) == sizeof(int16_t)) {  // in two steps, each an instruction
      *to = __builtin_convertvector(__builtin_convertvector(from, Integers), Sums);
    } else {
      *to = from;
    }
  }
};

template <typename Sum, typename Element, size_t kBytes, size_t kRows>
SOTTO_INLINE void MultiplyTile(const Sum* left, const Element* right, size_t depth, Sum* tile) {
  using V = Vectors<Sum, Element, kBytes>;
  typename V::Sums sums[kRows][V::kCount] = {};
  for (size_t k = 0; k < depth; ++k) {
    typename V::Sums row[V::kCount];
#pragma GCC unroll 16
    for (size_t j = 0; j < V::kCount; ++j) {
      typename V::Elements elements;
      std::memcpy(&elements, right + k * kPanelColumns + j * V::kLanes, sizeof(elements));
      V::Widen(elements, &row[j]);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
      for (size_t j = 0; j < V::kCount; ++j) sums[i][j] += left[k * kRows + i] * row[j];
    }
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 16
    for (size_t j = 0; j < V::kCount; ++j) {
      std::memcpy(tile + i * kPanelColumns + j * V::kLanes, &sums[i][j], sizeof(sums[i][j]));
    }
  }
}

// As many rows as leave registers for a row of the panel.
#define SOTTO_TILE(Name, target, Sum, Element, bytes, rows)                          \
  target void Name(const Sum* left, const Element* right, size_t depth, Sum* tile) { \
    MultiplyTile<Sum, Element, bytes, rows>(left, right, depth, tile);               \
  }

SOTTO_TILE(FloatRows, , float, float, 16, 4)
SOTTO_TILE(FloatRow, , float, float, 16, 1)
SOTTO_TILE(IntegerRows, , double, int16_t, 16, 1)
#ifdef SOTTO_X86_LEVELS
SOTTO_TILE(FloatRowsAvx2, SOTTO_AVX2, float, float, 32, 6)
SOTTO_TILE(FloatRowAvx2, SOTTO_AVX2, float, float, 32, 1)
SOTTO_TILE(IntegerRowsAvx2, SOTTO_AVX2, double, int16_t, 32, 3)
SOTTO_TILE(IntegerRowAvx2, SOTTO_AVX2, double, int16_t, 32, 1)
SOTTO_TILE(FloatRowsAvx512, SOTTO_AVX512, float, float, 64, 12)
SOTTO_TILE(FloatRowAvx512, SOTTO_AVX512, float, float, 64, 1)
SOTTO_TILE(IntegerRowsAvx512, SOTTO_AVX512, double, int16_t, 64, 12)
SOTTO_TILE(IntegerRowAvx512, SOTTO_AVX512, double, int16_t, 64, 1)
#endif

}  // namespace

Tiles<float, float> FloatTiles() {
#ifdef SOTTO_X86_LEVELS
  if (ThisCpu() == CpuLevel::kAvx512) return {12, FloatRowsAvx512, FloatRowAvx512};
  if (ThisCpu() == CpuLevel::kAvx2) return {6, FloatRowsAvx2, FloatRowAvx2};
#endif
  return {4, FloatRows, FloatRow};
}

Tiles<double, int16_t> IntegerTiles() {
#ifdef SOTTO_X86_LEVELS
  if (ThisCpu() == CpuLevel::kAvx512) return {12, IntegerRowsAvx512, IntegerRowAvx512};
  if (ThisCpu() == CpuLevel::kAvx2) return {3, IntegerRowsAvx2, IntegerRowAvx2};
#endif
  return {1, IntegerRows, IntegerRows};
}

}  // namespace sotto::neuron
