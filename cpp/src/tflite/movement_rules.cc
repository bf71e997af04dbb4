// Operations that move elements, or fold them along axes.

#include <algorithm>

#include "tflite/operation.h"

namespace sotto {
namespace {

using namespace ::tflite;  // NOLINT: types and options are its names

// As many integers as the tensor has dimensions.
Result<std::vector<int64_t>> OnePerDimension(const CheckedTensor& constant, int rank) {
  SOTTO_ASSIGN_OR_RETURN(std::vector<int64_t> values, constant.Integers());
  if (constant.shape.rank == 1 && values.size() == static_cast<size_t>(rank)) return values;
  return Damaged("tensor " + Printable(constant.name) + " does not have a number for each of " +
                 std::to_string(rank) + " dimensions");
}

Result<void> CheckTarget(const Operation& operation, const std::vector<int64_t>& target) {
  const Shape& shape = operation.out().shape;
  const int64_t unknown = std::count(target.begin(), target.end(), -1);
  bool equal = target.size() == static_cast<size_t>(shape.rank) && unknown <= 1;
  for (size_t i = 0; equal && i < target.size(); ++i) {
    equal = target[i] == -1 || target[i] == shape[static_cast<int>(i)];
  }
  return equal ? Result<void>() : Damaged("its target is another shape than its output's");
}

// One end of a strided slice, for strides >= 1: counted from the end if negative, and clamped.
int64_t ResolveBound(int64_t bound, int64_t size) {
  return std::clamp<int64_t>(bound < 0 ? bound + size : bound, 0, size);
}

}  // namespace

Result<void> CheckReshape(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  if (operation.in().shape.Elements() != operation.out().shape.Elements()) {
    return Damaged("it makes " + ToText(operation.out().shape) + " of " +
                   ToText(operation.in().shape));
  }
  if (operation.has_input(1)) {
    const CheckedTensor& target = operation.in(1);
    if (target.shape.rank != 1 || target.type != TensorType_INT32) {
      return Damaged("its target is not a list of int32");
    }
    SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, target.Integers());
    return CheckTarget(operation, sizes);
  }
  if (operation.options == nullptr) return Damaged("it has no target");
  const auto* sizes = operation.Options<ReshapeOptions>().new_shape();
  if (sizes == nullptr) return Damaged("it has no target");
  return CheckTarget(operation, std::vector<int64_t>(sizes->begin(), sizes->end()));
}

Result<void> CheckTranspose(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  const Shape& from = operation.in().shape;
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> order,
                         OnePerDimension(operation.in(1), from.rank));
  Shape shape;
  for (int axis = 0; axis < from.rank; ++axis) {
    if (std::count(order.begin(), order.end(), axis) != 1) {
      return Damaged("its order is no permutation");
    }
    shape.Append(0);
  }
  for (int axis = 0; axis < from.rank; ++axis) {
    shape.sizes[static_cast<size_t>(axis)] =
        from[static_cast<int>(order[static_cast<size_t>(axis)])];
  }
  return ExpectShape(operation, shape);
}

Result<void> CheckSlice(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(1), operation.in(2)));
  const Shape& from = operation.in().shape;
  SOTTO_ASSIGN_OR_RETURN(const auto begins, OnePerDimension(operation.in(1), from.rank));
  SOTTO_ASSIGN_OR_RETURN(const auto sizes, OnePerDimension(operation.in(2), from.rank));
  Shape shape;
  for (int i = 0; i < from.rank; ++i) {
    const int64_t begin = begins[static_cast<size_t>(i)];
    if (begin < 0 || begin >= from[i]) return Damaged("it begins outside its input");
    const int64_t size =
        sizes[static_cast<size_t>(i)] == -1 ? from[i] - begin : sizes[static_cast<size_t>(i)];
    if (size < 1 || size > from[i] - begin) return Damaged("it reaches beyond its input");
    shape.Append(size);
  }
  return ExpectShape(operation, shape);
}

// Without an ellipsis, new axes or steps backwards, which no conversion writes.
Result<void> CheckStridedSlice(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  const auto& options = operation.Options<StridedSliceOptions>();
  if (options.ellipsis_mask() != 0 || options.new_axis_mask() != 0 || options.offset()) {
    return Damaged("it has an ellipsis, new axes or offsets, which are not taken");
  }
  const Shape& from = operation.in().shape;
  std::vector<int64_t> bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    if (operation.in(i + 1).type != TensorType_INT32) return Damaged("its bounds are not int32");
    SOTTO_ASSIGN_OR_RETURN(bounds[i], OnePerDimension(operation.in(i + 1), from.rank));
  }
  Shape shape;
  for (int i = 0; i < from.rank; ++i) {
    const auto at = static_cast<size_t>(i);
    const int bit = 1 << i;
    const int64_t stride = bounds[2][at];
    if (stride < 1) return Damaged("it steps backwards, or not at all");
    int64_t begin = (options.begin_mask() & bit) != 0 ? 0 : bounds[0][at];
    if ((options.shrink_axis_mask() & bit) != 0) {
      begin += begin < 0 ? from[i] : 0;
      if (begin < 0 || begin >= from[i]) return Damaged("it takes what is outside its input");
      continue;
    }
    begin = ResolveBound(begin, from[i]);
    const int64_t end =
        (options.end_mask() & bit) != 0 ? from[i] : ResolveBound(bounds[1][at], from[i]);
    if (end <= begin) return Damaged("it takes nothing");
    shape.Append((end - begin + stride - 1) / stride);
  }
  return ExpectShape(operation, shape);
}

Result<void> CheckSplit(const Operation& operation) {
  const CheckedTensor& value = operation.in(1);
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, operation.in(0).Integers());
  if (axes.size() != 1 || operation.in(0).type != TensorType_INT32) {
    return Damaged("its axis is not one int32");
  }
  SOTTO_ASSIGN_OR_RETURN(const int axis, ResolveAxis(axes[0], value.shape.rank));
  const auto parts = static_cast<int64_t>(operation.outputs.size());
  if (operation.Options<SplitOptions>().num_splits() != parts || value.shape[axis] % parts != 0) {
    return Damaged("it does not make " + std::to_string(parts) + " equal parts");
  }
  Shape shape = value.shape;
  shape.sizes[static_cast<size_t>(axis)] /= parts;
  for (size_t i = 0; i < operation.outputs.size(); ++i) {
    SOTTO_RETURN_IF_ERROR(ExpectSameType(value, operation.out(i)));
    SOTTO_RETURN_IF_ERROR(ExpectShape(operation, shape, i));
  }
  return {};
}

Result<void> CheckConcatenation(const Operation& operation) {
  const auto& options = operation.Options<ConcatenationOptions>();
  if (options.fused_activation_function() != ActivationFunctionType_NONE) {
    return Damaged("it has an activation");
  }
  Shape shape = operation.in().shape;
  SOTTO_ASSIGN_OR_RETURN(const int axis, ResolveAxis(options.axis(), shape.rank));
  const auto along = static_cast<size_t>(axis);
  shape.sizes[along] = 0;
  for (const CheckedTensor* input : operation.inputs) {
    SOTTO_RETURN_IF_ERROR(ExpectSameType(*input, operation.out()));
    Shape other = input->shape;
    other.sizes[along] = shape.sizes[along];
    if (other != shape) return Damaged("its inputs differ in more than their axis");
    shape.sizes[along] += input->shape[axis];
  }
  return ExpectShape(operation, shape);
}

Result<void> CheckPad(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  const Shape& from = operation.in().shape;
  const CheckedTensor& paddings = operation.in(1);
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, paddings.Integers());
  if (paddings.shape.rank != 2 || paddings.shape[0] != from.rank || paddings.shape[1] != 2) {
    return Damaged("its paddings are not two for each dimension");
  }
  if (operation.has_input(2)) {
    SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.in(2)));
    if (operation.in(2).shape.Elements() != 1) return Damaged("its value is not one number");
  }
  Shape shape;
  for (int i = 0; i < from.rank; ++i) {
    const int64_t before = sizes[2 * static_cast<size_t>(i)];
    const int64_t after = sizes[2 * static_cast<size_t>(i) + 1];
    const int64_t limit = operation.out().shape.Elements();  // keeps the sum from overflowing
    if (before < 0 || after < 0 || before > limit || after > limit) {
      return Damaged("its paddings are negative, or too large");
    }
    shape.Append(before + from[i] + after);
  }
  return ExpectShape(operation, shape);
}

Result<void> CheckReduction(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  if (!operation.in().Is(
          {TensorType_FLOAT32, TensorType_INT8, TensorType_INT16, TensorType_UINT8})) {
    return Damaged("it folds an element type that is not taken");
  }
  const Shape& from = operation.in().shape;
  if (operation.in(1).type != TensorType_INT32 || operation.in(1).shape.rank > 1) {
    return Damaged("its axes are not a list of int32");
  }
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, operation.in(1).Integers());
  bool folded[kMaxDimensions] = {};
  for (const int64_t each : axes) {
    SOTTO_ASSIGN_OR_RETURN(const int axis, ResolveAxis(each, from.rank));
    if (folded[axis]) return Damaged("it names an axis twice");
    folded[axis] = true;
  }
  const bool keeps = operation.Options<ReducerOptions>().keep_dims();
  Shape shape;
  for (int i = 0; i < from.rank; ++i) {
    if (!folded[i] || keeps) shape.Append(folded[i] ? 1 : from[i]);
  }
  return ExpectShape(operation, shape);
}

}  // namespace sotto
