#include "kernels/strided_copy.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sotto::neuron {
namespace {

template <typename Element>
void CopyRow(const uint8_t* from, int64_t from_step, uint8_t* to, int64_t to_step, size_t n) {
  const auto* input = reinterpret_cast<const Element*>(from);
  auto* output = reinterpret_cast<Element*>(to);
  for (size_t i = 0; i < n; ++i) {
    output[static_cast<int64_t>(i) * to_step] = input[static_cast<int64_t>(i) * from_step];
  }
}

}  // namespace

StridedCopy::StridedCopy(std::vector<Axis> axes, size_t from, size_t to, size_t element_bytes)
    : from_(from), to_(to), element_bytes_(element_bytes) {
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (axis->size == 1) continue;
    const auto goes_on = [&](int64_t inner, int64_t outer) {
      return outer == inner * static_cast<int64_t>(axes_.back().size);
    };
    if (!axes_.empty() && goes_on(axes_.back().from, axis->from) &&
        goes_on(axes_.back().to, axis->to)) {
      axes_.back().size *= axis->size;
    } else {
      axes_.push_back(*axis);
    }
  }
  if (axes_.empty()) axes_.push_back({1, 1, 1});
  for (size_t i = 1; i < axes_.size(); ++i) rows_ *= axes_[i].size;
}

void StridedCopy::Copy(const void* input, void* output, Threads& threads) const {
  const auto bytes = static_cast<int64_t>(element_bytes_);
  const Axis& inner = axes_[0];
  const auto copy_row = [&](size_t row, size_t begin, size_t n) {
    auto from = static_cast<int64_t>(from_) + static_cast<int64_t>(begin) * inner.from;
    auto to = static_cast<int64_t>(to_) + static_cast<int64_t>(begin) * inner.to;
    for (size_t i = 1; i < axes_.size(); ++i) {
      const auto place = static_cast<int64_t>(row % axes_[i].size);
      row /= axes_[i].size;
      from += place * axes_[i].from;
      to += place * axes_[i].to;
    }
    const uint8_t* first = static_cast<const uint8_t*>(input) + from * bytes;
    uint8_t* target = static_cast<uint8_t*>(output) + to * bytes;
    if (inner.from == 1 && inner.to == 1) {
      std::memcpy(target, first, n * element_bytes_);
    } else if (element_bytes_ == 4) {
      CopyRow<uint32_t>(first, inner.from, target, inner.to, n);
    } else if (element_bytes_ == 2) {
      CopyRow<uint16_t>(first, inner.from, target, inner.to, n);
    } else {
      CopyRow<uint8_t>(first, inner.from, target, inner.to, n);
    }
  };
  constexpr size_t kPiece = 16 * kElementsPiece;
  if (inner.size > kPiece) {
    const size_t pieces = (inner.size + kPiece - 1) / kPiece;
    threads.For(rows_ * pieces, [&](size_t i, Workspace&) {
      const size_t begin = i % pieces * kPiece;
      copy_row(i / pieces, begin, std::min(kPiece, inner.size - begin));
    });
    return;
  }
  ForPieces(threads, rows_, std::max<size_t>(1, kPiece / inner.size),
            [&](size_t begin, size_t end, Workspace&) {
              for (size_t row = begin; row < end; ++row) copy_row(row, 0, inner.size);
            });
}

std::vector<int64_t> StepsOf(const Dimensions& dimensions) {
  std::vector<int64_t> steps(dimensions.size(), 1);
  for (size_t d = dimensions.size(); d-- > 1;) steps[d - 1] = steps[d] * dimensions[d];
  return steps;
}

}  // namespace sotto::neuron
