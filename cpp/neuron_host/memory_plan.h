#ifndef SOTTO_NEURON_HOST_MEMORY_PLAN_H_
#define SOTTO_NEURON_HOST_MEMORY_PLAN_H_

#include <cstddef>
#include <map>

namespace sotto::neuron {

// Places in one block of memory for tensors that live for some of the operations each: what one has
// released another may take.
class MemoryPlan {
 public:
  // The offset of `bytes`, a multiple of 64.
  size_t Take(size_t bytes);
  void Release(size_t offset, size_t bytes);

  size_t bytes() const { return end_; }  // of the whole block

 private:
  std::map<size_t, size_t> free_;  // offset to bytes, no two next to each other
  size_t end_ = 0;
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_MEMORY_PLAN_H_
