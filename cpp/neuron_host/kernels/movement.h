// Operations that move elements and compute nothing: of any type, as long as input and output have
// the same quantisation.

#ifndef SOTTO_NEURON_HOST_KERNELS_MOVEMENT_H_
#define SOTTO_NEURON_HOST_KERNELS_MOVEMENT_H_

#include "kernels/kernel.h"

namespace sotto::neuron {

sotto::Result<Kernel> PrepareReshape(const Call& call);
sotto::Result<Kernel> PrepareTranspose(const Call& call);
sotto::Result<Kernel> PrepareSlice(const Call& call);
sotto::Result<Kernel> PrepareStridedSlice(const Call& call);
sotto::Result<Kernel> PrepareSplit(const Call& call);
sotto::Result<Kernel> PrepareConcatenation(const Call& call);
sotto::Result<Kernel> PreparePad(const Call& call);  // and PAD_V2

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_MOVEMENT_H_
