#ifndef SOTTO_NEURON_HOST_KERNELS_MATRIX_PRODUCTS_H_
#define SOTTO_NEURON_HOST_KERNELS_MATRIX_PRODUCTS_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

// FULLY_CONNECTED and BATCH_MATMUL of floats, or of integers with scales.
sotto::Result<Kernel> PrepareFullyConnected(const Call& call);
sotto::Result<Kernel> PrepareBatchMatmul(const Call& call);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_MATRIX_PRODUCTS_H_
