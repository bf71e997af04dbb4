// Which kernel computes which operation.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "kernels/convolution.h"
#include "kernels/elementwise.h"
#include "kernels/kernel.h"
#include "kernels/matrix_products.h"
#include "kernels/movement.h"
#include "kernels/pictures.h"
#include "kernels/quantization.h"
#include "kernels/reductions.h"

namespace sotto::neuron {
namespace {

// What a kernel takes besides floats.
enum class Takes {
  kFloats,     // nothing: quantised tensors by way of their numbers
  kIntegers,   // integers with scales
  kSameScale,  // any elements, if quantisation stays as it is
};

struct Entry {
  Prepare prepare;
  Takes takes;
};

// The extension's operations have a name, which is among their inputs as text.
sotto::Result<Kernel> PrepareExtension(const Call& call) {
  for (const Tensor& input : call.inputs) {
    if (input.type != kExtensionArgument || input.value == nullptr) continue;
    const std::string_view text(static_cast<const char*>(input.value), input.elements);
    if (text.find("MTKEXT_SQUARED_DIFFERENCE") == text.npos) continue;
    if (call.inputs.size() != 3 || call.outputs.size() != 1) break;
    return PrepareBinary(call);
  }
  return Unsupported("of the extension's operations only MTKEXT_SQUARED_DIFFERENCE is computed");
}

const std::map<int32_t, Entry>& Entries() {
  static const auto* entries = new std::map<int32_t, Entry>{
      {kAdd, {PrepareBinary, Takes::kFloats}},
      {kSub, {PrepareBinary, Takes::kFloats}},
      {kMul, {PrepareBinary, Takes::kFloats}},
      {kDiv, {PrepareBinary, Takes::kFloats}},
      {kMaximum, {PrepareBinary, Takes::kFloats}},
      {kMinimum, {PrepareBinary, Takes::kFloats}},
      {kGreater, {PrepareBinary, Takes::kFloats}},
      {kLess, {PrepareBinary, Takes::kFloats}},
      {kPrelu, {PrepareBinary, Takes::kFloats}},
      {kAbs, {PrepareUnary, Takes::kFloats}},
      {kRelu, {PrepareUnary, Takes::kFloats}},
      {kSqrt, {PrepareUnary, Takes::kFloats}},
      {kRsqrt, {PrepareUnary, Takes::kFloats}},
      {kHardSwish, {PrepareUnary, Takes::kFloats}},
      {kTanh, {PrepareUnary, Takes::kFloats}},
      {kLogistic, {PrepareUnary, Takes::kFloats}},
      {kGeluV2, {PrepareUnary, Takes::kFloats}},
      {kSoftmax, {PrepareSoftmax, Takes::kFloats}},
      {kL2Normalization, {PrepareL2Normalization, Takes::kFloats}},
      {kMean, {PrepareReduction, Takes::kFloats}},
      {kReduceSum, {PrepareReduction, Takes::kFloats}},
      {kReduceMax, {PrepareReduction, Takes::kFloats}},
      {kAveragePool2d, {PreparePool, Takes::kFloats}},
      {kMaxPool2d, {PreparePool, Takes::kFloats}},
      {kResizeBilinear, {PrepareResize, Takes::kFloats}},
      {kResizeNearestNeighbor, {PrepareResize, Takes::kFloats}},
      {kDepthwiseConv2d, {PrepareDepthwiseConv2d, Takes::kFloats}},
      {kTransposeConv2d, {PrepareTransposeConv2d, Takes::kFloats}},
      {kExtensionOperation, {PrepareExtension, Takes::kFloats}},
      {kFullyConnected, {PrepareFullyConnected, Takes::kIntegers}},
      {kBatchMatmul, {PrepareBatchMatmul, Takes::kIntegers}},
      {kConv2d, {PrepareConv2d, Takes::kIntegers}},
      {kQuantize, {PrepareQuantize, Takes::kIntegers}},
      {kDequantize, {PrepareDequantize, Takes::kIntegers}},
      {kCast, {PrepareCast, Takes::kIntegers}},
      {kReshape, {PrepareReshape, Takes::kSameScale}},
      {kTranspose, {PrepareTranspose, Takes::kSameScale}},
      {kSlice, {PrepareSlice, Takes::kSameScale}},
      {kStridedSlice, {PrepareStridedSlice, Takes::kSameScale}},
      {kSplit, {PrepareSplit, Takes::kSameScale}},
      {kConcatenation, {PrepareConcatenation, Takes::kSameScale}},
      {kPad, {PreparePad, Takes::kSameScale}},
      {kPadV2, {PreparePad, Takes::kSameScale}},
  };
  return *entries;
}

// Kernels of floats rely on their tensors being such.
sotto::Result<Kernel> PrepareOfFloats(const Call& call) {
  const auto right = [](const Tensor& tensor) {
    return tensor.IsFloat() || tensor.type == kTensorBool8;
  };
  if (!call.inputs[0].IsFloat() || !std::all_of(call.outputs.begin(), call.outputs.end(), right)) {
    return Unsupported("elements of type " + std::to_string(call.inputs[0].type) +
                       " are not computed");
  }
  return Entries().at(call.code).prepare(call);
}

bool AnyQuantized(const Call& call) {
  const auto quantized = [](const Tensor& tensor) { return tensor.IsQuantized(); };
  return std::any_of(call.inputs.begin(), call.inputs.end(), quantized) ||
         std::any_of(call.outputs.begin(), call.outputs.end(), quantized);
}

// Whether all quantised tensors have the first output's quantisation.
bool OneScale(const Call& call) {
  const Tensor& first = call.outputs[0];
  const auto same = [&](const Tensor& tensor) {
    return !tensor.IsQuantized() || (tensor.scale == first.scale && tensor.scales.empty() &&
                                     tensor.zero_point == first.zero_point);
  };
  return std::all_of(call.inputs.begin(), call.inputs.end(), same) &&
         std::all_of(call.outputs.begin(), call.outputs.end(), same);
}

}  // namespace

sotto::Result<Kernel> PrepareKernel(const Call& call) {
  const auto found = Entries().find(call.code);
  if (found == Entries().end()) return Unsupported("it is not computed");
  const auto unsigned16 = [](const Tensor& tensor) { return tensor.type == kTensorQuant16Asymm; };
  if (std::any_of(call.inputs.begin(), call.inputs.end(), unsigned16) ||
      std::any_of(call.outputs.begin(), call.outputs.end(), unsigned16)) {
    return Unsupported("integers of 16 bits without a sign are not computed");
  }
  const auto [prepare, takes] = found->second;
  const bool quantized = AnyQuantized(call);
  switch (takes) {
    case Takes::kIntegers:
      return prepare(call);
    case Takes::kSameScale:
      return !quantized || OneScale(call) ? prepare(call) : PrepareInFloats(call, prepare);
    case Takes::kFloats:
      return quantized ? PrepareInFloats(call, PrepareOfFloats) : PrepareOfFloats(call);
  }
  return Unsupported("it is not computed");
}

}  // namespace sotto::neuron
