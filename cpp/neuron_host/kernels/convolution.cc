#include "kernels/convolution.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/product_kernel.h"
#include "kernels/sliding_window.h"
#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

// Implicit padding: input, filter, bias, padding, stride w, h, [multiplier,] activation, NCHW,
// dilation w, h. Pictures are [N, H, W, C].
struct Windows {
  SlidingWindow y, x;
  size_t batches, channels;
  ActivationRange activation;
};

sotto::Result<Windows> WindowsOf(const Call& call, bool depthwise) {
  const size_t at = depthwise ? 7 : 6;
  SOTTO_ASSIGN_OR_RETURN(const int32_t padding, IntOf(call, 3));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_x, IntOf(call, 4));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_y, IntOf(call, 5));
  SOTTO_ASSIGN_OR_RETURN(const bool channels_first, BoolOf(call, at + 1));
  SOTTO_ASSIGN_OR_RETURN(const int32_t dilation_x, IntOf(call, at + 2));
  SOTTO_ASSIGN_OR_RETURN(const int32_t dilation_y, IntOf(call, at + 3));
  if (channels_first) return Unsupported("channels come first");
  const Dimensions &input = call.inputs[0].dimensions, &filter = call.inputs[1].dimensions;
  const Dimensions& output = call.outputs[0].dimensions;
  Windows windows;
  SOTTO_ASSIGN_OR_RETURN(windows.y,
                         Slide(input[1], output[1], filter[1], stride_y, dilation_y, padding));
  SOTTO_ASSIGN_OR_RETURN(windows.x,
                         Slide(input[2], output[2], filter[2], stride_x, dilation_x, padding));
  SOTTO_ASSIGN_OR_RETURN(windows.activation, ActivationOf(call, at));
  windows.batches = input[0];
  windows.channels = input[3];
  return windows;
}

// Row after row [size y, size x, channels] of what the windows from position `first` on see.
template <typename In>
void CopyPatches(const Windows& windows, const In* picture, In outside, size_t first, size_t count,
                 In* patches) {
  const SlidingWindow &y = windows.y, &x = windows.x;
  const size_t channels = windows.channels;
  for (size_t i = first; i < first + count; ++i) {
    const auto column = static_cast<int64_t>(i) % x.positions;
    const auto row = static_cast<int64_t>(i) / x.positions % y.positions;
    const int64_t batch = static_cast<int64_t>(i) / x.positions / y.positions;
    for (int64_t ky = 0; ky < y.size; ++ky) {
      for (int64_t kx = 0; kx < x.size; ++kx, patches += channels) {
        const int64_t at_y = y.At(row, ky), at_x = x.At(column, kx);
        if (!y.Within(at_y) || !x.Within(at_x)) {
          std::fill(patches, patches + channels, outside);
          continue;
        }
        const int64_t place = (batch * y.length + at_y) * x.length + at_x;
        std::memcpy(patches, picture + static_cast<size_t>(place) * channels,
                    channels * sizeof(In));
      }
    }
  }
}

template <typename In>
LeftFactor<In> PatchesOf(const Windows& windows, const Tensor& input, size_t depth) {
  const int32_t zero_point = input.IsQuantized() ? input.zero_point : 0;
  return [=](const Buffers& buffers, size_t, size_t row, size_t rows, Workspace& workspace) {
    In* patches = workspace.patches.Get<In>(rows * depth);
    CopyPatches(windows, buffers.in<In>(0), static_cast<In>(zero_point), row, rows, patches);
    return LeftRows<In>{patches, rows, depth, 1, zero_point};
  };
}

struct Convolution {
  Windows windows;
  ProductShape shape;
};

template <typename Element>
sotto::Result<RightFactor<Element>> FiltersOf(const Call& call, const ProductShape& shape) {
  return RightFactor<Element>::Of(
      call, 1, {1, shape.depth, shape.columns, 0, 1, shape.depth, call.inputs[1].zero_point});
}

template <typename In>
sotto::Result<Kernel> Integers(const Call& call, const Convolution& convolution) {
  const ProductShape& shape = convolution.shape;
  SOTTO_ASSIGN_OR_RETURN(Rescaling rescaling,
                         RescalingOf(call, shape.columns, convolution.windows.activation));
  SOTTO_ASSIGN_OR_RETURN(RightFactor<int16_t> filters, FiltersOf<int16_t>(call, shape));
  Kernel kernel;
  if (filters.constant()) kernel.packed = {1};
  kernel.run =
      IntegerProduct<In>(shape, PatchesOf<In>(convolution.windows, call.inputs[0], shape.depth),
                         std::move(filters), 2, std::move(rescaling));
  return kernel;
}

}  // namespace

sotto::Result<Kernel> PrepareConv2d(const Call& call) {
  Convolution convolution;
  SOTTO_ASSIGN_OR_RETURN(convolution.windows, WindowsOf(call, false));
  const Tensor &input = call.inputs[0], &filter = call.inputs[1];
  const size_t filters = filter.dimensions[0], depth = filter.elements / filters;
  convolution.shape = {1, call.outputs[0].elements / filters, depth, filters};
  if (input.type == kTensorQuant8Asymm) return Integers<uint8_t>(call, convolution);
  if (input.type == kTensorQuant16Symm) return Integers<int16_t>(call, convolution);
  if (input.IsQuantized()) return Integers<int8_t>(call, convolution);
  SOTTO_ASSIGN_OR_RETURN(RightFactor<float> right, FiltersOf<float>(call, convolution.shape));
  Kernel kernel;
  if (right.constant()) kernel.packed = {1};
  kernel.run = FloatProduct(convolution.shape, PatchesOf<float>(convolution.windows, input, depth),
                            std::move(right), 2, convolution.windows.activation, call.arithmetic);
  return kernel;
}

// Filter [1, H, W, C * multiplier], whose channel c * multiplier + m is of the input's channel c.
sotto::Result<Kernel> PrepareDepthwiseConv2d(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const Windows windows, WindowsOf(call, true));
  SOTTO_ASSIGN_OR_RETURN(const int32_t given, IntOf(call, 6));
  const size_t outputs = call.outputs[0].dimensions[3], channels = windows.channels;
  const auto multiplier = static_cast<size_t>(given);
  if (given < 1 || multiplier * channels != outputs) {
    return Unsupported("its multiplier is not that of its channels");
  }
  const bool fp16 = call.fp16();
  const size_t positions = call.outputs[0].elements / outputs;
  const Run run = [=](const Buffers& buffers, Threads& threads) {
    const auto *filter = buffers.in<float>(1), *bias = buffers.in<float>(2);
    const SlidingWindow &y = windows.y, &x = windows.x;
    ForPieces(threads, positions, 64, [&](size_t begin, size_t end, Workspace& workspace) {
      const size_t size = static_cast<size_t>(y.size * x.size);
      float* patch = workspace.patches.Get<float>(size * channels);
      for (size_t i = begin; i < end; ++i) {
        CopyPatches(windows, buffers.in<float>(0), 0.0F, i, 1, patch);
        float* to = buffers.out<float>() + i * outputs;
        for (size_t c = 0; c < outputs; ++c) {
          float sum = bias[c];
          for (size_t k = 0; k < size; ++k) {
            sum += patch[k * channels + c / multiplier] * filter[k * outputs + c];
          }
          to[c] = windows.activation(sum);
        }
        if (fp16) RoundToFloat16(to, to, outputs);
      }
    });
  };
  return Kernel{run, {}};
}

// Input, filter [out, H, W, in], bias, output shape, padding, stride w, h, activation, NCHW: each
// element of the input is spread over the window that would have looked at it.
sotto::Result<Kernel> PrepareTransposeConv2d(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const int32_t padding, IntOf(call, 4));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_x, IntOf(call, 5));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_y, IntOf(call, 6));
  SOTTO_ASSIGN_OR_RETURN(const ActivationRange activation, ActivationOf(call, 7));
  SOTTO_ASSIGN_OR_RETURN(const bool channels_first, BoolOf(call, 8));
  if (channels_first) return Unsupported("channels come first");
  const Dimensions &input = call.inputs[0].dimensions, &filter = call.inputs[1].dimensions;
  const Dimensions& output = call.outputs[0].dimensions;
  if (filter.size() != 4 || filter[0] != output[3] || filter[3] != input[3] ||
      call.inputs[2].elements != filter[0] || !call.inputs[0].IsFloat() ||
      !call.inputs[1].IsFloat() || !call.inputs[2].IsFloat()) {
    return Unsupported("its filter or bias does not fit its input and output");
  }
  SOTTO_ASSIGN_OR_RETURN(const SlidingWindow y,
                         Slide(output[1], input[1], filter[1], stride_y, 1, padding));
  SOTTO_ASSIGN_OR_RETURN(const SlidingWindow x,
                         Slide(output[2], input[2], filter[2], stride_x, 1, padding));
  const size_t channels = input[3], outputs = output[3], pictures = input[0];
  const bool fp16 = call.fp16();
  const Run run = [=](const Buffers& buffers, Threads& threads) {
    const auto *filter_values = buffers.in<float>(1), *bias = buffers.in<float>(2);
    const auto rows = static_cast<size_t>(y.length), columns = static_cast<size_t>(x.length);
    // A task is a row of an output picture, whatever of the input reaches it.
    threads.For(pictures * rows, [&](size_t i, Workspace&) {
      float* to = buffers.out<float>() + i * columns * outputs;
      for (size_t j = 0; j < columns * outputs; ++j) to[j] = bias[j % outputs];
      const auto row = static_cast<int64_t>(i % rows);
      for (int64_t ky = 0; ky < y.size; ++ky) {
        const int64_t from_y = (row + y.before - ky) / y.stride;
        if (from_y < 0 || from_y >= y.positions || y.At(from_y, ky) != row) continue;
        for (int64_t from_x = 0; from_x < x.positions; ++from_x) {
          const size_t place =
              (i / rows * static_cast<size_t>(y.positions) + static_cast<size_t>(from_y)) *
                  static_cast<size_t>(x.positions) +
              static_cast<size_t>(from_x);
          const float* from = buffers.in<float>(0) + place * channels;
          for (int64_t kx = 0; kx < x.size; ++kx) {
            const int64_t column = x.At(from_x, kx);
            if (!x.Within(column)) continue;
            for (size_t o = 0; o < outputs; ++o) {
              const size_t tap = (o * static_cast<size_t>(y.size) + static_cast<size_t>(ky)) *
                                     static_cast<size_t>(x.size) +
                                 static_cast<size_t>(kx);
              float sum = 0;
              for (size_t c = 0; c < channels; ++c) {
                sum += from[c] * filter_values[tap * channels + c];
              }
              to[static_cast<size_t>(column) * outputs + o] += sum;
            }
          }
        }
      }
      for (size_t j = 0; j < columns * outputs; ++j) to[j] = activation(to[j]);
      if (fp16) RoundToFloat16(to, to, columns * outputs);
    });
  };
  return Kernel{run, {}};
}

}  // namespace sotto::neuron
