#include "tflite/operation.h"

#include <algorithm>
#include <iterator>

namespace sotto {
namespace {

using namespace ::tflite;  // NOLINT: the table below is made of its names

// clang-format off
constexpr OperatorRule kRules[] = {
    // code, name, options, their last field, needed, inputs, outputs, per channel, rule
    {BuiltinOperator_ABS, "ABS", BuiltinOptions_AbsOptions, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_ADD, "ADD", BuiltinOptions_AddOptions, AddOptions::VT_POT_SCALE_INT16, true, 2, 2, 1, 1, 0, CheckAdd},
    {BuiltinOperator_AVERAGE_POOL_2D, "AVERAGE_POOL_2D", BuiltinOptions_Pool2DOptions, Pool2DOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 1, 1, 1, 1, 0, CheckPool},
    {BuiltinOperator_BATCH_MATMUL, "BATCH_MATMUL", BuiltinOptions_BatchMatMulOptions, BatchMatMulOptions::VT_ASYMMETRIC_QUANTIZE_INPUTS, true, 2, 2, 1, 1, 0, CheckBatchMatMul},
    {BuiltinOperator_CAST, "CAST", BuiltinOptions_CastOptions, CastOptions::VT_OUT_DATA_TYPE, false, 1, 1, 1, 1, 0, CheckCast},
    {BuiltinOperator_CONCATENATION, "CONCATENATION", BuiltinOptions_ConcatenationOptions, ConcatenationOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 1, kAnyNumber, 1, 1, 0, CheckConcatenation},
    {BuiltinOperator_CONV_2D, "CONV_2D", BuiltinOptions_Conv2DOptions, Conv2DOptions::VT_QUANTIZED_BIAS_TYPE, true, 2, 3, 1, 1, 0b110, CheckConv2D},
    {BuiltinOperator_DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D", BuiltinOptions_DepthwiseConv2DOptions, DepthwiseConv2DOptions::VT_DILATION_H_FACTOR, true, 2, 3, 1, 1, 0b110, CheckDepthwiseConv2D},
    {BuiltinOperator_DEQUANTIZE, "DEQUANTIZE", BuiltinOptions_DequantizeOptions, 0, false, 1, 1, 1, 1, 0b1, CheckDequantize},
    {BuiltinOperator_DIV, "DIV", BuiltinOptions_DivOptions, DivOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 2, 2, 1, 1, 0, CheckDiv},
    {BuiltinOperator_FULLY_CONNECTED, "FULLY_CONNECTED", BuiltinOptions_FullyConnectedOptions, FullyConnectedOptions::VT_QUANT_SPEC, true, 2, 3, 1, 1, 0b110, CheckFullyConnected},
    {BuiltinOperator_GELU, "GELU", BuiltinOptions_GeluOptions, GeluOptions::VT_APPROXIMATE, true, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_GREATER, "GREATER", BuiltinOptions_GreaterOptions, 0, false, 2, 2, 1, 1, 0, CheckComparison},
    {BuiltinOperator_HARD_SWISH, "HARD_SWISH", BuiltinOptions_HardSwishOptions, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_L2_NORMALIZATION, "L2_NORMALIZATION", BuiltinOptions_L2NormOptions, L2NormOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 1, 1, 1, 1, 0, CheckL2Norm},
    {BuiltinOperator_LEAKY_RELU, "LEAKY_RELU", BuiltinOptions_LeakyReluOptions, LeakyReluOptions::VT_ALPHA, true, 1, 1, 1, 1, 0, CheckLeakyRelu},
    {BuiltinOperator_LESS, "LESS", BuiltinOptions_LessOptions, 0, false, 2, 2, 1, 1, 0, CheckComparison},
    {BuiltinOperator_LOGISTIC, "LOGISTIC", BuiltinOptions_NONE, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_MAXIMUM, "MAXIMUM", BuiltinOptions_MaximumMinimumOptions, 0, false, 2, 2, 1, 1, 0, CheckBinary},
    {BuiltinOperator_MAX_POOL_2D, "MAX_POOL_2D", BuiltinOptions_Pool2DOptions, Pool2DOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 1, 1, 1, 1, 0, CheckPool},
    {BuiltinOperator_MEAN, "MEAN", BuiltinOptions_ReducerOptions, ReducerOptions::VT_KEEP_DIMS, true, 2, 2, 1, 1, 0, CheckReduction},
    {BuiltinOperator_MINIMUM, "MINIMUM", BuiltinOptions_MaximumMinimumOptions, 0, false, 2, 2, 1, 1, 0, CheckBinary},
    {BuiltinOperator_MUL, "MUL", BuiltinOptions_MulOptions, MulOptions::VT_FUSED_ACTIVATION_FUNCTION, true, 2, 2, 1, 1, 0, CheckMul},
    {BuiltinOperator_PAD, "PAD", BuiltinOptions_PadOptions, 0, false, 2, 2, 1, 1, 0, CheckPad},
    {BuiltinOperator_PADV2, "PADV2", BuiltinOptions_PadV2Options, 0, false, 3, 3, 1, 1, 0, CheckPad},
    {BuiltinOperator_PRELU, "PRELU", BuiltinOptions_NONE, 0, false, 2, 2, 1, 1, 0, CheckPrelu},
    {BuiltinOperator_QUANTIZE, "QUANTIZE", BuiltinOptions_QuantizeOptions, 0, false, 1, 1, 1, 1, 0, CheckQuantize},
    {BuiltinOperator_REDUCE_MAX, "REDUCE_MAX", BuiltinOptions_ReducerOptions, ReducerOptions::VT_KEEP_DIMS, true, 2, 2, 1, 1, 0, CheckReduction},
    {BuiltinOperator_RELU, "RELU", BuiltinOptions_NONE, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_RESHAPE, "RESHAPE", BuiltinOptions_ReshapeOptions, ReshapeOptions::VT_NEW_SHAPE, false, 1, 2, 1, 1, 0, CheckReshape},
    {BuiltinOperator_RESIZE_BILINEAR, "RESIZE_BILINEAR", BuiltinOptions_ResizeBilinearOptions, ResizeBilinearOptions::VT_HALF_PIXEL_CENTERS, true, 2, 2, 1, 1, 0, CheckResizeBilinear},
    {BuiltinOperator_RESIZE_NEAREST_NEIGHBOR, "RESIZE_NEAREST_NEIGHBOR", BuiltinOptions_ResizeNearestNeighborOptions, ResizeNearestNeighborOptions::VT_HALF_PIXEL_CENTERS, true, 2, 2, 1, 1, 0, CheckResizeNearest},
    {BuiltinOperator_RSQRT, "RSQRT", BuiltinOptions_NONE, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_SLICE, "SLICE", BuiltinOptions_SliceOptions, 0, false, 3, 3, 1, 1, 0, CheckSlice},
    {BuiltinOperator_SOFTMAX, "SOFTMAX", BuiltinOptions_SoftmaxOptions, SoftmaxOptions::VT_BETA, true, 1, 1, 1, 1, 0, CheckSoftmax},
    {BuiltinOperator_SPLIT, "SPLIT", BuiltinOptions_SplitOptions, SplitOptions::VT_NUM_SPLITS, true, 2, 2, 1, kAnyNumber, 0, CheckSplit},
    {BuiltinOperator_SQRT, "SQRT", BuiltinOptions_NONE, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_SQUARED_DIFFERENCE, "SQUARED_DIFFERENCE", BuiltinOptions_SquaredDifferenceOptions, 0, false, 2, 2, 1, 1, 0, CheckBinary},
    {BuiltinOperator_STRIDED_SLICE, "STRIDED_SLICE", BuiltinOptions_StridedSliceOptions, StridedSliceOptions::VT_OFFSET, true, 4, 4, 1, 1, 0, CheckStridedSlice},
    {BuiltinOperator_SUB, "SUB", BuiltinOptions_SubOptions, SubOptions::VT_POT_SCALE_INT16, true, 2, 2, 1, 1, 0, CheckSub},
    {BuiltinOperator_SUM, "SUM", BuiltinOptions_ReducerOptions, ReducerOptions::VT_KEEP_DIMS, true, 2, 2, 1, 1, 0, CheckReduction},
    {BuiltinOperator_TANH, "TANH", BuiltinOptions_NONE, 0, false, 1, 1, 1, 1, 0, CheckUnary},
    {BuiltinOperator_TRANSPOSE, "TRANSPOSE", BuiltinOptions_TransposeOptions, 0, false, 2, 2, 1, 1, 0, CheckTranspose},
    {BuiltinOperator_TRANSPOSE_CONV, "TRANSPOSE_CONV", BuiltinOptions_TransposeConvOptions, TransposeConvOptions::VT_QUANTIZED_BIAS_TYPE, true, 3, 4, 1, 1, 0b1010, CheckTransposeConv},
};
// clang-format on

}  // namespace

const OperatorRule* FindRule(BuiltinOperator code) {
  const auto* found = std::find_if(std::begin(kRules), std::end(kRules),
                                   [&](const OperatorRule& rule) { return rule.code == code; });
  return found == std::end(kRules) ? nullptr : found;
}

Result<void> ExpectShape(const Operation& operation, const Shape& shape, size_t i) {
  if (operation.out(i).shape == shape) return {};
  return Damaged("it would write " + ToText(shape) + ", its output is of shape " +
                 ToText(operation.out(i).shape));
}

Result<void> ExpectSameType(const CheckedTensor& a, const CheckedTensor& b) {
  if (a.type == b.type) return {};
  return Damaged("tensors " + Printable(a.name) + " and " + Printable(b.name) +
                 " differ in their element types");
}

Result<void> ExpectActivation(ActivationFunctionType activation) {
  if (activation >= ActivationFunctionType_NONE && activation <= ActivationFunctionType_RELU6) {
    return {};
  }
  return Damaged("its activation " + std::to_string(activation) + " is not taken");
}

Result<int> ResolveAxis(int64_t axis, int rank) {
  if (axis >= -rank && axis < rank) return static_cast<int>(axis < 0 ? axis + rank : axis);
  return Damaged("its axis " + std::to_string(axis) + " is not one of " + std::to_string(rank) +
                 " dimensions");
}

}  // namespace sotto
