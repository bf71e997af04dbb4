// Operations over windows of pictures [batch, height, width, channels].

#include <optional>

#include "tflite/operation.h"

namespace sotto {
namespace {

using namespace ::tflite;  // NOLINT: types and options are its names

// Kernels compute places with these in int.
constexpr int64_t kMaxStep = 65535;
constexpr int64_t kMaxElements = 2147483647;

// One axis of a window.
struct Window {
  int64_t size, stride, dilation;
};

// How many windows there are along an axis; nullopt if none is.
std::optional<int64_t> WindowCount(Padding padding, int64_t size, const Window& window) {
  for (const int64_t step : {window.size, window.stride, window.dilation}) {
    if (step < 1 || step > kMaxStep) return std::nullopt;
  }
  const int64_t extent = (window.size - 1) * window.dilation + 1;
  if (extent > kMaxElements / 2) return std::nullopt;
  if (padding == Padding_SAME) return (size + window.stride - 1) / window.stride;
  if (padding != Padding_VALID || size < extent) return std::nullopt;
  return (size - extent) / window.stride + 1;
}

// [batch, windows down, windows across, channels].
Result<Shape> WindowedShape(Padding padding, const Shape& from, const Window& down,
                            const Window& across, int64_t channels) {
  const std::optional<int64_t> height = WindowCount(padding, from[1], down);
  const std::optional<int64_t> width = WindowCount(padding, from[2], across);
  if (!height || !width) {
    return Damaged("its padding, window or steps don't fit its input " + ToText(from));
  }
  Shape shape;
  for (const int64_t size : {from[0], *height, *width, channels}) shape.Append(size);
  return shape;
}

Result<void> ExpectPictures(const CheckedTensor& tensor) {
  if (tensor.shape.rank != 4) return Damaged("its input is not [batch, height, width, channels]");
  if (tensor.Is({TensorType_FLOAT32, TensorType_INT8, TensorType_UINT8, TensorType_INT16})) {
    return {};
  }
  return Damaged("its input has an element type that is not taken");
}

Result<void> ExpectFilters(const Operation& operation, const CheckedTensor& in,
                           const CheckedTensor& filters, int channel_dimension) {
  SOTTO_RETURN_IF_ERROR(ExpectPictures(in));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(in, operation.out()));
  if (filters.shape.rank != 4) return Damaged("its filters don't have four dimensions");
  const bool fits =
      in.type == TensorType_FLOAT32
          ? filters.Is({TensorType_FLOAT32, TensorType_INT8, TensorType_INT4})
          : filters.Is({TensorType_INT8, TensorType_INT4}) && in.type != TensorType_UINT8;
  if (!fits) return Damaged("its filters have an element type that is not taken");
  return CheckWeights(filters, channel_dimension);
}

// A kernel may lay out a row of inputs for each output.
Result<void> ExpectRowsThatFit(const Shape& outputs, int64_t inputs) {
  if (inputs <= kMaxElements / (outputs.Elements() / outputs[3])) return {};
  return Damaged("its windows have more elements than kernels count");
}

Result<void> CheckResize(const Operation& operation, bool align_corners, bool half_pixel_centers) {
  SOTTO_RETURN_IF_ERROR(ExpectPictures(operation.in()));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  if (align_corners && half_pixel_centers) return Damaged("it aligns both corners and centres");
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> size, operation.in(1).Integers());
  if (operation.in(1).shape.rank != 1 || size.size() != 2 ||
      operation.in(1).type != TensorType_INT32) {
    return Damaged("its size is not two int32");
  }
  const Shape& from = operation.in().shape;
  for (const int64_t each : {from[1], from[2], size[0], size[1]}) {
    if (each < 1 || each > kMaxStep) return Damaged("it resizes from or to a size not taken");
  }
  Shape shape = from;
  shape.sizes[1] = size[0];
  shape.sizes[2] = size[1];
  return ExpectShape(operation, shape);
}

}  // namespace

// The filters are [outputs, height, width, inputs of a group].
Result<void> CheckConv2D(const Operation& operation) {
  const auto& options = operation.Options<Conv2DOptions>();
  SOTTO_RETURN_IF_ERROR(ExpectActivation(options.fused_activation_function()));
  const CheckedTensor& in = operation.in();
  const CheckedTensor& filters = operation.in(1);
  SOTTO_RETURN_IF_ERROR(ExpectFilters(operation, in, filters, 0));
  const int64_t outputs = filters.shape[0], inputs = filters.shape[3];
  if (in.shape[3] % inputs != 0 || outputs % (in.shape[3] / inputs) != 0) {
    return Damaged("its filters " + ToText(filters.shape) + " don't fit its input " +
                   ToText(in.shape));
  }
  SOTTO_RETURN_IF_ERROR(CheckBias(operation, 2, outputs));
  SOTTO_ASSIGN_OR_RETURN(
      const Shape shape,
      WindowedShape(options.padding(), in.shape,
                    {filters.shape[1], options.stride_h(), options.dilation_h_factor()},
                    {filters.shape[2], options.stride_w(), options.dilation_w_factor()}, outputs));
  SOTTO_RETURN_IF_ERROR(ExpectShape(operation, shape));
  return ExpectRowsThatFit(shape, filters.shape.Elements() / outputs);
}

// The filters are [1, height, width, inputs x multiplier].
Result<void> CheckDepthwiseConv2D(const Operation& operation) {
  const auto& options = operation.Options<DepthwiseConv2DOptions>();
  SOTTO_RETURN_IF_ERROR(ExpectActivation(options.fused_activation_function()));
  const CheckedTensor& in = operation.in();
  const CheckedTensor& filters = operation.in(1);
  SOTTO_RETURN_IF_ERROR(ExpectFilters(operation, in, filters, 3));
  const int64_t outputs = filters.shape[3];
  if (filters.shape[0] != 1 || outputs % in.shape[3] != 0 ||
      options.depth_multiplier() != outputs / in.shape[3]) {
    return Damaged("its filters " + ToText(filters.shape) + " don't fit its input " +
                   ToText(in.shape));
  }
  SOTTO_RETURN_IF_ERROR(CheckBias(operation, 2, outputs));
  SOTTO_ASSIGN_OR_RETURN(
      const Shape shape,
      WindowedShape(options.padding(), in.shape,
                    {filters.shape[1], options.stride_h(), options.dilation_h_factor()},
                    {filters.shape[2], options.stride_w(), options.dilation_w_factor()}, outputs));
  return ExpectShape(operation, shape);
}

// The output's shape is the first input; the filters are [outputs, height, width, inputs].
Result<void> CheckTransposeConv(const Operation& operation) {
  const auto& options = operation.Options<TransposeConvOptions>();
  SOTTO_RETURN_IF_ERROR(ExpectActivation(options.fused_activation_function()));
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, operation.in(0).Integers());
  const CheckedTensor& filters = operation.in(1);
  const CheckedTensor& in = operation.in(2);
  SOTTO_RETURN_IF_ERROR(ExpectFilters(operation, in, filters, 0));
  const Shape& out = operation.out().shape;
  bool fits = operation.in(0).type == TensorType_INT32 && operation.in(0).shape.rank == 1 &&
              sizes.size() == 4 && out.rank == 4 && filters.shape[3] == in.shape[3] &&
              filters.shape[0] == out[3];
  for (int i = 0; fits && i < 4; ++i) fits = sizes[static_cast<size_t>(i)] == out[i];
  if (!fits) return Damaged("its filters or its output's shape don't fit");
  SOTTO_RETURN_IF_ERROR(CheckBias(operation, 3, out[3]));
  SOTTO_ASSIGN_OR_RETURN(
      const Shape backwards,
      WindowedShape(options.padding(), out, {filters.shape[1], options.stride_h(), 1},
                    {filters.shape[2], options.stride_w(), 1}, in.shape[3]));
  if (backwards != in.shape) return Damaged("its output's shape does not fit its input");
  return ExpectRowsThatFit(in.shape, filters.shape.Elements() / filters.shape[3]);
}

Result<void> CheckPool(const Operation& operation) {
  const auto& options = operation.Options<Pool2DOptions>();
  SOTTO_RETURN_IF_ERROR(ExpectActivation(options.fused_activation_function()));
  const CheckedTensor& in = operation.in();
  SOTTO_RETURN_IF_ERROR(ExpectPictures(in));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(in, operation.out()));
  SOTTO_ASSIGN_OR_RETURN(
      const Shape shape,
      WindowedShape(options.padding(), in.shape, {options.filter_height(), options.stride_h(), 1},
                    {options.filter_width(), options.stride_w(), 1}, in.shape[3]));
  return ExpectShape(operation, shape);
}

Result<void> CheckResizeBilinear(const Operation& operation) {
  const auto& options = operation.Options<ResizeBilinearOptions>();
  return CheckResize(operation, options.align_corners(), options.half_pixel_centers());
}

Result<void> CheckResizeNearest(const Operation& operation) {
  const auto& options = operation.Options<ResizeNearestNeighborOptions>();
  return CheckResize(operation, options.align_corners(), options.half_pixel_centers());
}

}  // namespace sotto
