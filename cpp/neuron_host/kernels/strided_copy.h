#ifndef SOTTO_NEURON_HOST_KERNELS_STRIDED_COPY_H_
#define SOTTO_NEURON_HOST_KERNELS_STRIDED_COPY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernel.h"

namespace sotto::neuron {

// Copies a block of elements from one tensor to another, each walked through by its own steps.
class StridedCopy {
 public:
  // Steps count elements. Those of the input may be negative. `from` and `to` are where the block
  // begins.
  struct Axis {
    size_t size;
    int64_t from, to;
  };
  StridedCopy(std::vector<Axis> axes, size_t from, size_t to, size_t element_bytes);

  void Copy(const void* input, void* output, Threads& threads) const;

 private:
  std::vector<Axis> axes_;  // from the innermost; neighbours that go on evenly are one
  size_t from_, to_, element_bytes_, rows_ = 1;
};

// What one element is apart from the next along each dimension.
std::vector<int64_t> StepsOf(const Dimensions& dimensions);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_STRIDED_COPY_H_
