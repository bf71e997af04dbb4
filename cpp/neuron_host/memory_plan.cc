#include "memory_plan.h"

#include <algorithm>
#include <iterator>

#include "alignment.h"

namespace sotto::neuron {
size_t MemoryPlan::Take(size_t bytes) {
  bytes = Aligned(bytes);
  // The smallest that is large enough.
  auto best = free_.end();
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second >= bytes && (best == free_.end() || block->second < best->second)) {
      best = block;
    }
  }
  size_t offset = end_;
  if (best != free_.end()) {
    offset = best->first;
    const size_t left = best->second - bytes;
    free_.erase(best);
    if (left > 0) free_[offset + bytes] = left;
    return offset;
  }
  if (!free_.empty()) {  // the last one can grow
    const auto last = std::prev(free_.end());
    if (last->first + last->second == end_) {
      offset = last->first;
      free_.erase(last);
    }
  }
  end_ = offset + bytes;
  return offset;
}

void MemoryPlan::Release(size_t offset, size_t bytes) {
  auto block = free_.emplace(offset, Aligned(bytes)).first;
  const auto next = std::next(block);
  if (next != free_.end() && block->first + block->second == next->first) {
    block->second += next->second;
    free_.erase(next);
  }
  if (block != free_.begin()) {
    const auto before = std::prev(block);
    if (before->first + before->second == block->first) {
      before->second += block->second;
      free_.erase(block);
    }
  }
}

}  // namespace sotto::neuron
