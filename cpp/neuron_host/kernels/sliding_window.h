// Where windows lie that slide over the height or the width of a picture.

#ifndef SOTTO_NEURON_HOST_KERNELS_SLIDING_WINDOW_H_
#define SOTTO_NEURON_HOST_KERNELS_SLIDING_WINDOW_H_

#include <algorithm>
#include <cstdint>

#include "kernels/kernel.h"

namespace sotto::neuron {

// One axis: position p of the output looks at p * stride - before + k * dilation for each k of the
// window's `size`, as far as that is within `length`.
struct SlidingWindow {
  int64_t length, positions, size, stride, dilation, before;

  int64_t At(int64_t position, int64_t k) const {
    return position * stride - before + k * dilation;
  }
  bool Within(int64_t place) const { return place >= 0 && place < length; }
};

// NNAPI's implicit padding: 1 keeps ceil(length / stride) positions (SAME), 2 uses no more than
// there is (VALID). kModel where that gives other positions than `positions`, or does not know.
inline sotto::Result<SlidingWindow> Slide(int64_t length, int64_t positions, int64_t size,
                                          int64_t stride, int64_t dilation, int32_t padding) {
  constexpr int64_t kMax = 1 << 16;
  if (stride < 1 || stride > kMax || dilation < 1 || dilation > kMax || size < 1 ||
      (padding != 1 && padding != 2)) {
    return Unsupported("its strides, dilations or padding are out of their range");
  }
  const int64_t reach = (size - 1) * dilation + 1;
  const int64_t fitting = padding == 1 ? length : length - reach + 1;
  if (fitting < 1 || (fitting + stride - 1) / stride != positions) {
    return Unsupported("its output has not as many positions as its window");
  }
  const int64_t missing = std::max<int64_t>((positions - 1) * stride + reach - length, 0);
  return SlidingWindow{length, positions, size, stride, dilation, padding == 1 ? missing / 2 : 0};
}

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_SLIDING_WINDOW_H_
