#include "kernels/movement.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/strided_copy.h"

namespace sotto::neuron {
namespace {

Kernel CopyKernel(StridedCopy copy) {
  return {[copy = std::move(copy)](const Buffers& buffers, Threads& threads) {
            copy.Copy(buffers.inputs[0], buffers.outputs[0], threads);
          },
          {}};
}

// A block of the input that fills the output.
Kernel BlockKernel(const Call& call, const std::vector<int64_t>& begin,
                   const std::vector<int64_t>& strides, const Dimensions& sizes) {
  const std::vector<int64_t> from = StepsOf(call.inputs[0].dimensions), to = StepsOf(sizes);
  std::vector<StridedCopy::Axis> axes;
  int64_t first = 0;
  for (size_t d = 0; d < sizes.size(); ++d) {
    axes.push_back({sizes[d], from[d] * strides[d], to[d]});
    first += begin[d] * from[d];
  }
  return CopyKernel(
      {std::move(axes), static_cast<size_t>(first), 0, call.outputs[0].ElementBytes()});
}

sotto::Result<size_t> AxisOf(int64_t axis, const Tensor& tensor) {
  const auto rank = static_cast<int64_t>(tensor.dimensions.size());
  if (axis < -rank || axis >= rank) return Unsupported("its axis is no dimension");
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

}  // namespace

sotto::Result<Kernel> PrepareReshape(const Call& call) {
  const size_t count = call.outputs[0].elements;
  return CopyKernel({{{count, 1, 1}}, 0, 0, call.outputs[0].ElementBytes()});
}

sotto::Result<Kernel> PrepareTranspose(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> order, IntsOf(call, 1));
  const Dimensions& sizes = call.outputs[0].dimensions;
  const std::vector<int64_t> from = StepsOf(call.inputs[0].dimensions), to = StepsOf(sizes);
  std::vector<StridedCopy::Axis> axes;
  for (size_t d = 0; d < sizes.size(); ++d) {
    axes.push_back({sizes[d], from[static_cast<size_t>(order[d])], to[d]});
  }
  return CopyKernel({std::move(axes), 0, 0, call.outputs[0].ElementBytes()});
}

sotto::Result<Kernel> PrepareSlice(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> begin, IntsOf(call, 1));
  return BlockKernel(call, {begin.begin(), begin.end()}, std::vector<int64_t>(begin.size(), 1),
                     call.outputs[0].dimensions);
}

// Begin, end, strides, and bits for dimensions: of which begin or end does not count, and which are
// left out of the output after their first element.
sotto::Result<Kernel> PrepareStridedSlice(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> begins, IntsOf(call, 1));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> ends, IntsOf(call, 2));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> strides, IntsOf(call, 3));
  SOTTO_ASSIGN_OR_RETURN(const int32_t begin_mask, IntOf(call, 4));
  SOTTO_ASSIGN_OR_RETURN(const int32_t end_mask, IntOf(call, 5));
  SOTTO_ASSIGN_OR_RETURN(const int32_t shrink_mask, IntOf(call, 6));
  std::vector<int64_t> begin;
  Dimensions sizes, shrunk;
  for (size_t d = 0; d < begins.size(); ++d) {
    const int64_t size = call.inputs[0].dimensions[d], stride = strides[d];
    if (stride == 0) return Unsupported("a stride is 0");
    const auto within = [&](int64_t place) {
      if (place < 0) place += size;
      return stride > 0 ? std::clamp<int64_t>(place, 0, size)
                        : std::clamp<int64_t>(place, -1, size - 1);
    };
    const bool gone = (shrink_mask >> d & 1) != 0;
    const int64_t first =
        (begin_mask >> d & 1) != 0 ? (stride > 0 ? 0 : size - 1) : within(begins[d]);
    const int64_t last = (end_mask >> d & 1) != 0 ? (stride > 0 ? size : -1) : within(ends[d]);
    const int64_t span = stride > 0 ? last - first + stride - 1 : first - last - stride - 1;
    const int64_t count = gone ? 1 : span / (stride > 0 ? stride : -stride);
    if (count < 1 || first < 0 || first >= size) return Unsupported("it takes nothing");
    begin.push_back(first);
    sizes.push_back(static_cast<uint32_t>(count));
    if (!gone) shrunk.push_back(sizes.back());
  }
  if (shrunk.empty()) shrunk = {1};
  if (shrunk != call.outputs[0].dimensions) {
    return Unsupported("its output has another shape than it takes");
  }
  return BlockKernel(call, begin, {strides.begin(), strides.end()}, sizes);
}

sotto::Result<Kernel> PrepareSplit(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const int32_t given, IntOf(call, 1));
  SOTTO_ASSIGN_OR_RETURN(const size_t axis, AxisOf(given, call.inputs[0]));
  const Dimensions& sizes = call.outputs[0].dimensions;
  const std::vector<int64_t> from = StepsOf(call.inputs[0].dimensions), to = StepsOf(sizes);
  std::vector<StridedCopy> copies;
  for (size_t part = 0; part < call.outputs.size(); ++part) {
    std::vector<StridedCopy::Axis> axes;
    for (size_t d = 0; d < sizes.size(); ++d) axes.push_back({sizes[d], from[d], to[d]});
    const size_t first = part * sizes[axis] * static_cast<size_t>(from[axis]);
    copies.emplace_back(std::move(axes), first, 0, call.outputs[0].ElementBytes());
  }
  return Kernel{[copies = std::move(copies)](const Buffers& buffers, Threads& threads) {
                  for (size_t i = 0; i < copies.size(); ++i) {
                    copies[i].Copy(buffers.inputs[0], buffers.outputs[i], threads);
                  }
                },
                {}};
}

sotto::Result<Kernel> PrepareConcatenation(const Call& call) {
  const size_t parts = call.inputs.size() - 1;
  SOTTO_ASSIGN_OR_RETURN(const int32_t given, IntOf(call, parts));
  SOTTO_ASSIGN_OR_RETURN(const size_t axis, AxisOf(given, call.outputs[0]));
  const std::vector<int64_t> to = StepsOf(call.outputs[0].dimensions);
  std::vector<StridedCopy> copies;
  size_t first = 0;
  for (size_t part = 0; part < parts; ++part) {
    const Dimensions& sizes = call.inputs[part].dimensions;
    const std::vector<int64_t> from = StepsOf(sizes);
    std::vector<StridedCopy::Axis> axes;
    for (size_t d = 0; d < sizes.size(); ++d) axes.push_back({sizes[d], from[d], to[d]});
    copies.emplace_back(std::move(axes), 0, first, call.outputs[0].ElementBytes());
    first += sizes[axis] * static_cast<size_t>(to[axis]);
  }
  if (first != call.outputs[0].dimensions[axis] * static_cast<size_t>(to[axis])) {
    return Unsupported("its output is not as long as its parts");
  }
  return Kernel{[copies = std::move(copies)](const Buffers& buffers, Threads& threads) {
                  for (size_t i = 0; i < copies.size(); ++i) {
                    copies[i].Copy(buffers.inputs[i], buffers.outputs[0], threads);
                  }
                },
                {}};
}

// Paddings [rank, 2], and for PAD_V2 what to pad with; else it is zero, as a quantised tensor has
// it.
sotto::Result<Kernel> PreparePad(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> pads, IntsOf(call, 1));
  const Tensor &input = call.inputs[0], &output = call.outputs[0];
  const bool given = call.code == kPadV2;
  if (given && call.inputs[2].ElementBytes() != output.ElementBytes()) {
    return Unsupported("what it pads with is of another type");
  }
  const std::vector<int64_t> from = StepsOf(input.dimensions), to = StepsOf(output.dimensions);
  std::vector<StridedCopy::Axis> axes;
  size_t first = 0;
  for (size_t d = 0; d < from.size(); ++d) {
    axes.push_back({input.dimensions[d], from[d], to[d]});
    if (int64_t{input.dimensions[d]} + pads[2 * d] + pads[2 * d + 1] != output.dimensions[d]) {
      return Unsupported("its output is not as large as its input and the paddings");
    }
    first += static_cast<size_t>(pads[2 * d]) * static_cast<size_t>(to[d]);
  }
  const size_t bytes = output.ElementBytes(), count = output.elements;
  const int32_t zero = output.IsQuantized() ? output.zero_point : 0;
  const StridedCopy fill({{count, 0, 1}}, 0, 0, bytes);
  const StridedCopy copy(std::move(axes), 0, first, bytes);
  return Kernel{[=](const Buffers& buffers, Threads& threads) {
                  // Little-endian: the first bytes of an integer are the small type's.
                  fill.Copy(given ? buffers.inputs[2] : &zero, buffers.outputs[0], threads);
                  copy.Copy(buffers.inputs[0], buffers.outputs[0], threads);
                },
                {}};
}

}  // namespace sotto::neuron
