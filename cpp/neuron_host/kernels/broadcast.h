#ifndef SOTTO_NEURON_HOST_KERNELS_BROADCAST_H_
#define SOTTO_NEURON_HOST_KERNELS_BROADCAST_H_

#include <cstddef>
#include <vector>

#include "kernels/kernel.h"

namespace sotto::neuron {

// How the elements of two tensors meet in an output, as rows in which each of the two either goes
// on by one element at a time or stays where it is.
class Broadcast {
 public:
  // kModel where the shapes do not broadcast to the output's.
  static sotto::Result<Broadcast> Of(const Dimensions& left, const Dimensions& right,
                                     const Dimensions& output);

  struct Places {
    size_t left, right;
  };
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  bool left_moves() const { return left_moves_; }
  bool right_moves() const { return right_moves_; }
  Places Row(size_t i) const;      // where a row begins
  Places Element(size_t i) const;  // where an element of the output is in both

 private:
  struct Axis {
    size_t size, left, right;  // steps of both
  };
  std::vector<Axis> axes_;  // of the rows, from the outermost
  size_t rows_ = 1, columns_ = 1;
  bool left_moves_ = false, right_moves_ = false;
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_BROADCAST_H_
