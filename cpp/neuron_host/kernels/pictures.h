#ifndef SOTTO_NEURON_HOST_KERNELS_PICTURES_H_
#define SOTTO_NEURON_HOST_KERNELS_PICTURES_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

// AVERAGE_POOL_2D and MAX_POOL_2D, RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR of floats
// [N, H, W, C].
sotto::Result<Kernel> PreparePool(const Call& call);
sotto::Result<Kernel> PrepareResize(const Call& call);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_PICTURES_H_
