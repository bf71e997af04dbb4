#ifndef SOTTO_NEURON_HOST_ALIGNMENT_H_
#define SOTTO_NEURON_HOST_ALIGNMENT_H_

#include <cstddef>

namespace sotto::neuron {

// Of constants in files and of memory, in bytes: a processor's cache line.
constexpr size_t kAlignment = 64;

constexpr size_t Aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_ALIGNMENT_H_
