#ifndef SOTTO_NEURON_HOST_KERNELS_CONVOLUTION_H_
#define SOTTO_NEURON_HOST_KERNELS_CONVOLUTION_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

// CONV_2D of floats, or of integers with scales: a product of patches of the input by the filters.
sotto::Result<Kernel> PrepareConv2d(const Call& call);

// DEPTHWISE_CONV_2D and TRANSPOSE_CONV_2D of floats, by their definitions.
sotto::Result<Kernel> PrepareDepthwiseConv2d(const Call& call);
sotto::Result<Kernel> PrepareTransposeConv2d(const Call& call);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_CONVOLUTION_H_
