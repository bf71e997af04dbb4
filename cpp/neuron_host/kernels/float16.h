// fp16 as numbers that float32 holds.

#ifndef SOTTO_NEURON_HOST_KERNELS_FLOAT16_H_
#define SOTTO_NEURON_HOST_KERNELS_FLOAT16_H_

#include <cstdint>
#include <cstring>

#include "cpu_dispatch.h"

namespace sotto::neuron {

SOTTO_INLINE uint32_t BitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

SOTTO_INLINE float FloatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

// The fp16 number nearest to x, ties to even: infinite from 65520 on, and with steps of 2^-24 below
// 2^-14. Without branches, so that loops over it become vector code.
SOTTO_INLINE float RoundedToFloat16(float x) {
  const uint32_t sign = BitsOf(x) & 0x80000000U, magnitude = BitsOf(x) & 0x7fffffffU;
  // Thirteen bits of the mantissa go.
  uint32_t normal = (magnitude + 0xfffU + ((magnitude >> 13) & 1U)) & ~0x1fffU;
  normal = normal >= 0x47800000U ? 0x7f800000U : normal;  // 65536 is beyond it
  // Between a half and one, float32's own steps are 2^-24.
  const uint32_t small = BitsOf((FloatOf(magnitude) + 0.5F) - 0.5F);
  uint32_t rounded = magnitude < 0x38800000U ? small : normal;
  rounded = magnitude > 0x7f800000U ? magnitude : rounded;  // not a number
  return FloatOf(rounded | sign);
}

// Between fp16's 16 bits and the same number in float32; `x` must be one that fp16 holds.
inline float FromFloat16(uint16_t half) {
  const uint32_t sign = uint32_t{half} >> 15 << 31, magnitude = half & 0x7fffU;
  if (magnitude >= 0x7c00U) return FloatOf(sign | 0x7f800000U | (magnitude & 0x3ffU) << 13);
  if (magnitude >= 0x400U) return FloatOf(sign | ((magnitude << 13) + (112U << 23)));
  const float small = static_cast<float>(magnitude) * 0x1p-24F;
  return sign != 0 ? -small : small;
}

inline uint16_t ToFloat16(float x) {
  const uint32_t sign = BitsOf(x) >> 31 << 15, magnitude = BitsOf(x) & 0x7fffffffU;
  uint32_t half = 0;
  if (magnitude > 0x7f800000U) {
    half = 0x7e00U;
  } else if (magnitude == 0x7f800000U) {
    half = 0x7c00U;
  } else if (magnitude >= 0x38800000U) {
    half = (magnitude - (112U << 23)) >> 13;
  } else {
    half = static_cast<uint32_t>(FloatOf(magnitude) * 0x1p24F);
  }
  return static_cast<uint16_t>(sign | half);
}

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_FLOAT16_H_
