#include "kernels/broadcast.h"

#include <algorithm>

namespace sotto::neuron {

sotto::Result<Broadcast> Broadcast::Of(const Dimensions& left, const Dimensions& right,
                                       const Dimensions& output) {
  const size_t rank = output.size();
  if (left.size() > rank || right.size() > rank) {
    return Unsupported("an operand has more dimensions than the output");
  }
  // From the innermost axis on; neighbours that both operands walk through in the same way are one.
  std::vector<Axis> axes;
  size_t left_step = 1, right_step = 1;
  for (size_t d = 1; d <= rank; ++d) {
    const size_t size = output[rank - d];
    const size_t left_size = d <= left.size() ? left[left.size() - d] : 1;
    const size_t right_size = d <= right.size() ? right[right.size() - d] : 1;
    if ((left_size != size && left_size != 1) || (right_size != size && right_size != 1)) {
      return Unsupported("its operands do not broadcast to the output");
    }
    const Axis axis = {size, left_size == 1 ? 0 : left_step, right_size == 1 ? 0 : right_step};
    left_step *= left_size;
    right_step *= right_size;
    if (size == 1) continue;
    if (!axes.empty() && axis.left == axes.back().size * axes.back().left &&
        axis.right == axes.back().size * axes.back().right) {
      axes.back().size *= size;
    } else {
      axes.push_back(axis);
    }
  }
  Broadcast broadcast;
  if (!axes.empty()) {
    broadcast.columns_ = axes[0].size;
    broadcast.left_moves_ = axes[0].left != 0;
    broadcast.right_moves_ = axes[0].right != 0;
    broadcast.axes_.assign(axes.rbegin(), axes.rend() - 1);
  }
  for (const Axis& axis : broadcast.axes_) broadcast.rows_ *= axis.size;
  return broadcast;
}

Broadcast::Places Broadcast::Row(size_t i) const {
  Places places = {0, 0};
  for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
    places.left += i % axis->size * axis->left;
    places.right += i % axis->size * axis->right;
    i /= axis->size;
  }
  return places;
}

Broadcast::Places Broadcast::Element(size_t i) const {
  Places places = Row(i / columns_);
  if (left_moves_) places.left += i % columns_;
  if (right_moves_) places.right += i % columns_;
  return places;
}

}  // namespace sotto::neuron
