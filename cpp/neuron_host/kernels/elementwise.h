// Operations of each element on its own, or with its like of another tensor.

#ifndef SOTTO_NEURON_HOST_KERNELS_ELEMENTWISE_H_
#define SOTTO_NEURON_HOST_KERNELS_ELEMENTWISE_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

// ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM, GREATER, LESS, PRELU and squared differences of floats.
sotto::Result<Kernel> PrepareBinary(const Call& call);

// ABS, RELU, SQRT, RSQRT, TANH, LOGISTIC, HARD_SWISH and GELU of floats.
sotto::Result<Kernel> PrepareUnary(const Call& call);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_ELEMENTWISE_H_
