// Integers with scales, the numbers they stand for, and operations between them.

#ifndef SOTTO_NEURON_HOST_KERNELS_QUANTIZATION_H_
#define SOTTO_NEURON_HOST_KERNELS_QUANTIZATION_H_

#include <cstddef>

#include "kernels/kernel.h"

namespace sotto::neuron {

// Elements [begin, end) of a quantised tensor as numbers, y[0] for the first.
void ToFloats(const Tensor& tensor, const void* elements, size_t begin, size_t end, float* y);
// The other way, x[0] for element `begin`; for a type with one scale.
void FromFloats(const Tensor& tensor, const float* x, size_t begin, size_t end, void* elements);

// QUANTIZE (of floats, or of integers of another scale), DEQUANTIZE and CAST.
sotto::Result<Kernel> PrepareQuantize(const Call& call);
sotto::Result<Kernel> PrepareDequantize(const Call& call);
sotto::Result<Kernel> PrepareCast(const Call& call);

// An operation of quantised tensors by the one of floats: inputs are taken for the numbers they
// stand for, the operation is computed in fp32, and its outputs are quantised once. TFLite's
// reference kernels do the same by tables or in fixed point, within a step of the output's scale.
using Prepare = sotto::Result<Kernel> (*)(const Call& call);
sotto::Result<Kernel> PrepareInFloats(const Call& call, Prepare prepare);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_QUANTIZATION_H_
