#ifndef SOTTO_NEURON_HOST_KERNELS_REDUCTIONS_H_
#define SOTTO_NEURON_HOST_KERNELS_REDUCTIONS_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

// MEAN, REDUCE_SUM and REDUCE_MAX of floats over any dimensions. Sums are in fp32.
sotto::Result<Kernel> PrepareReduction(const Call& call);

// SOFTMAX and L2_NORMALIZATION of floats along the last dimension, each within in fp32.
sotto::Result<Kernel> PrepareSoftmax(const Call& call);
sotto::Result<Kernel> PrepareL2Normalization(const Call& call);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_REDUCTIONS_H_
