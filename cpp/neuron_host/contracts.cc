#include "contracts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <map>
#include <numeric>

namespace sotto::neuron {
namespace {

constexpr float kGreatestFloat16 = 65504;

using Dimensions = std::vector<uint32_t>;

// The operands of an operation, by their places.
class Arguments {
 public:
  Arguments(const std::vector<Operand>& operands, const Operation& operation)
      : operands_(operands), operation_(operation) {}

  size_t inputs() const { return operation_.inputs.size(); }
  size_t outputs() const { return operation_.outputs.size(); }
  const Operand& in(size_t i) const { return operands_[operation_.inputs[i]]; }
  const Operand& out(size_t i = 0) const { return operands_[operation_.outputs[i]]; }

 private:
  const std::vector<Operand>& operands_;
  const Operation& operation_;
};

using Contract = std::string (*)(const Arguments& a);

struct Entry {
  const char* name;
  size_t min_inputs, max_inputs, outputs;  // 0 outputs: one or more
  Contract contract;
};

bool IsFloat(int32_t type) { return type == kTensorFloat32 || type == kTensorFloat16; }

bool IsQuantized(int32_t type) {
  return type == kTensorQuant8Asymm || type == kTensorQuant8AsymmSigned ||
         type == kTensorQuant8Symm || type == kTensorQuant16Symm || type == kTensorQuant16Asymm;
}

bool IsReal(int32_t type) { return IsFloat(type) || IsQuantized(type); }

std::string Shape(const Dimensions& dimensions) {
  std::string text = "[";
  for (const uint32_t size : dimensions) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(size);
  }
  return text + "]";
}

std::string Expect(const char* what, const Dimensions& expected, const Operand& actual) {
  if (actual.dimensions == expected) return "";
  return std::string(what) + " has the shape " + Shape(actual.dimensions) + ", not " +
         Shape(expected);
}

// The first that is not empty.
std::string First(std::initializer_list<std::string> reasons) {
  for (const std::string& reason : reasons) {
    if (!reason.empty()) return reason;
  }
  return "";
}

std::string If(bool wrong, const char* reason) { return wrong ? reason : ""; }

std::string Scalar(const Operand& operand, int32_t type, const char* what) {
  if (operand.type != type) return std::string(what) + " is not a scalar of its type";
  if (!operand.IsConstant()) return std::string(what) + " is not constant";
  return "";
}

int32_t IntOf(const Operand& scalar) {
  int32_t value = 0;
  std::memcpy(&value, scalar.value, sizeof(value));
  return value;
}

bool BoolOf(const Operand& scalar) { return *static_cast<const uint8_t*>(scalar.value) != 0; }

std::string ConstantInts(const Operand& operand, size_t count, const char* what) {
  if (operand.type != kTensorInt32) return std::string(what) + " is not an int32 tensor";
  if (!operand.IsConstant()) return std::string(what) + " is not constant";
  if (count != 0 && ElementCount(operand) != count) {
    return std::string(what) + " has " + std::to_string(ElementCount(operand)) + " elements, not " +
           std::to_string(count);
  }
  return "";
}

std::vector<int32_t> IntsOf(const Operand& tensor) {
  std::vector<int32_t> values(tensor.bytes / sizeof(int32_t));
  std::memcpy(values.data(), tensor.value, values.size() * sizeof(int32_t));
  return values;
}

std::string Fused(const Operand& operand) {
  if (std::string reason = Scalar(operand, kInt32, "the fused activation"); !reason.empty()) {
    return reason;
  }
  return If(IntOf(operand) < 0 || IntOf(operand) > 3, "the fused activation is not 0 to 3");
}

std::string SameType(const Operand& a, const Operand& b) {
  // Symmetric and asymmetric int8 differ in their zero point alone.
  const auto family = [](int32_t type) {
    return type == kTensorQuant8Symm ? static_cast<int32_t>(kTensorQuant8AsymmSigned) : type;
  };
  return If(family(a.type) != family(b.type), "its operands' types differ");
}

std::string Broadcast(const Operand& a, const Operand& b, const Operand& out) {
  Dimensions left = a.dimensions, right = b.dimensions;
  const size_t rank = std::max(left.size(), right.size());
  left.insert(left.begin(), rank - left.size(), 1);
  right.insert(right.begin(), rank - right.size(), 1);
  Dimensions expected(rank);
  for (size_t i = 0; i < rank; ++i) {
    if (left[i] != right[i] && left[i] != 1 && right[i] != 1) {
      return "the shapes " + Shape(a.dimensions) + " and " + Shape(b.dimensions) +
             " do not broadcast";
    }
    expected[i] = std::max(left[i], right[i]);
  }
  return Expect("the output", expected, out);
}

std::string ElementwiseArithmetic(const Arguments& a) {
  const bool ints = a.in(0).type == kTensorInt32;
  return First({If(!IsReal(a.in(0).type) && !ints, "its type is not float, quantised or int32"),
                SameType(a.in(0), a.in(1)), SameType(a.in(0), a.out()), Fused(a.in(2)),
                Broadcast(a.in(0), a.in(1), a.out())});
}

std::string Extremum(const Arguments& a) {
  return First({SameType(a.in(0), a.in(1)), SameType(a.in(0), a.out()),
                Broadcast(a.in(0), a.in(1), a.out())});
}

std::string Comparison(const Arguments& a) {
  return First({SameType(a.in(0), a.in(1)),
                If(a.out().type != kTensorBool8, "the output is not boolean"),
                Broadcast(a.in(0), a.in(1), a.out())});
}

// One tensor to one of the same type and shape, whatever else it takes.
std::string Elementwise(const Arguments& a) {
  return First({If(!IsReal(a.in(0).type), "its type is neither float nor quantised"),
                SameType(a.in(0), a.out()), Expect("the output", a.in(0).dimensions, a.out())});
}

std::string FloatElementwise(const Arguments& a) {
  return First({If(!IsFloat(a.in(0).type), "its type is not float"), Elementwise(a)});
}

std::string Softmax(const Arguments& a) {
  return First({Elementwise(a), Scalar(a.in(1), kFloat32, "beta"),
                a.inputs() < 3 ? "" : Scalar(a.in(2), kInt32, "the axis")});
}

std::string Gelu(const Arguments& a) {
  return First({Elementwise(a), Scalar(a.in(1), kUint32, "the choice of its form")});
}

std::string Prelu(const Arguments& a) {
  return First({If(!IsReal(a.in(0).type), "its type is neither float nor quantised"),
                SameType(a.in(0), a.out()), Expect("the output", a.in(0).dimensions, a.out())});
}

std::string Reshape(const Arguments& a) {
  return First({SameType(a.in(0), a.out()),
                ConstantInts(a.in(1), a.out().dimensions.size(), "the new shape"),
                If(ElementCount(a.in(0)) != ElementCount(a.out()),
                   "it has not as many elements before as after")});
}

std::string Transpose(const Arguments& a) {
  const Dimensions& from = a.in(0).dimensions;
  if (std::string reason =
          First({SameType(a.in(0), a.out()), ConstantInts(a.in(1), from.size(), "its order")});
      !reason.empty()) {
    return reason;
  }
  std::vector<int32_t> order = IntsOf(a.in(1));
  Dimensions expected;
  for (const int32_t axis : order) {
    if (axis < 0 || static_cast<size_t>(axis) >= from.size()) return "its order names no dimension";
    expected.push_back(from[static_cast<size_t>(axis)]);
  }
  std::sort(order.begin(), order.end());
  return First({If(std::adjacent_find(order.begin(), order.end()) != order.end(),
                   "its order names a dimension twice"),
                Expect("the output", expected, a.out())});
}

std::string Concatenation(const Arguments& a) {
  const Operand& axis = a.in(a.inputs() - 1);
  if (std::string reason = Scalar(axis, kInt32, "the axis"); !reason.empty()) return reason;
  Dimensions expected = a.in(0).dimensions;
  const int64_t rank = static_cast<int64_t>(expected.size());
  const int64_t along = IntOf(axis) < 0 ? IntOf(axis) + rank : IntOf(axis);
  if (along < 0 || along >= rank) return "the axis is no dimension";
  const size_t at = static_cast<size_t>(along);
  expected[at] = 0;
  for (size_t i = 0; i + 1 < a.inputs(); ++i) {
    const Operand& part = a.in(i);
    if (std::string reason = SameType(part, a.out()); !reason.empty()) return reason;
    if (part.dimensions.size() != expected.size()) return "its parts differ in rank";
    for (size_t d = 0; d < expected.size(); ++d) {
      if (d != at && part.dimensions[d] != expected[d]) return "its parts differ beside the axis";
    }
    expected[at] += part.dimensions[at];
  }
  return Expect("the output", expected, a.out());
}

std::string Slice(const Arguments& a) {
  const Dimensions& from = a.in(0).dimensions;
  if (std::string reason =
          First({SameType(a.in(0), a.out()), ConstantInts(a.in(1), from.size(), "its begin"),
                 ConstantInts(a.in(2), from.size(), "its size")});
      !reason.empty()) {
    return reason;
  }
  const std::vector<int32_t> begin = IntsOf(a.in(1)), size = IntsOf(a.in(2));
  Dimensions expected;
  for (size_t d = 0; d < from.size(); ++d) {
    const int64_t length = size[d] == -1 ? int64_t{from[d]} - begin[d] : size[d];
    if (begin[d] < 0 || length < 1 || begin[d] + length > int64_t{from[d]}) {
      return "it reaches out of its input";
    }
    expected.push_back(static_cast<uint32_t>(length));
  }
  return Expect("the output", expected, a.out());
}

std::string StridedSlice(const Arguments& a) {
  const size_t rank = a.in(0).dimensions.size();
  return First({SameType(a.in(0), a.out()), ConstantInts(a.in(1), rank, "its begin"),
                ConstantInts(a.in(2), rank, "its end"), ConstantInts(a.in(3), rank, "its strides"),
                Scalar(a.in(4), kInt32, "the begin mask"), Scalar(a.in(5), kInt32, "the end mask"),
                Scalar(a.in(6), kInt32, "the shrink mask"),
                If(ElementCount(a.out()) > ElementCount(a.in(0)), "its output is too large")});
}

std::string Split(const Arguments& a) {
  // NNAPI's axis is a scalar; the plugin passes TFLite's tensor of one element.
  const bool tensor = a.in(1).type == kTensorInt32;
  if (std::string reason = First(
          {tensor ? ConstantInts(a.in(1), 1, "the axis") : Scalar(a.in(1), kInt32, "the axis"),
           Scalar(a.in(2), kInt32, "the number of parts")});
      !reason.empty()) {
    return reason;
  }
  Dimensions expected = a.in(0).dimensions;
  const int64_t rank = static_cast<int64_t>(expected.size());
  const int64_t along = IntOf(a.in(1)) < 0 ? IntOf(a.in(1)) + rank : IntOf(a.in(1));
  const int32_t parts = IntOf(a.in(2));
  if (along < 0 || along >= rank) return "the axis is no dimension";
  uint32_t& length = expected[static_cast<size_t>(along)];
  if (parts < 1 || static_cast<size_t>(parts) != a.outputs() ||
      length % static_cast<uint32_t>(parts) != 0) {
    return "its input is not split into as many equal parts as it has outputs";
  }
  length /= static_cast<uint32_t>(parts);
  for (size_t i = 0; i < a.outputs(); ++i) {
    if (std::string reason =
            First({SameType(a.in(0), a.out(i)), Expect("an output", expected, a.out(i))});
        !reason.empty()) {
      return reason;
    }
  }
  return "";
}

std::string Reduced(const Arguments& a, bool keep) {
  const Dimensions& from = a.in(0).dimensions;
  const int32_t rank = static_cast<int32_t>(from.size());
  std::vector<bool> gone(from.size());
  for (const int32_t axis : IntsOf(a.in(1))) {
    if (axis < -rank || axis >= rank) return "an axis is no dimension";
    gone[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  Dimensions expected;
  for (size_t d = 0; d < from.size(); ++d) {
    if (!gone[d]) expected.push_back(from[d]);
    if (gone[d] && keep) expected.push_back(1);
  }
  if (expected.empty()) expected.push_back(1);
  return Expect("the output", expected, a.out());
}

std::string Mean(const Arguments& a) {
  const std::string reason =
      First({If(!IsReal(a.in(0).type), "its type is not a real one"), SameType(a.in(0), a.out()),
             ConstantInts(a.in(1), 0, "its axes"), Scalar(a.in(2), kInt32, "keep_dims")});
  return reason.empty() ? Reduced(a, IntOf(a.in(2)) != 0) : reason;
}

std::string Reduction(const Arguments& a) {
  const std::string reason =
      First({If(!IsReal(a.in(0).type), "its type is not a real one"), SameType(a.in(0), a.out()),
             ConstantInts(a.in(1), 0, "its axes"), Scalar(a.in(2), kBool, "keep_dims")});
  return reason.empty() ? Reduced(a, BoolOf(a.in(2))) : reason;
}

std::string BatchMatmul(const Arguments& a) {
  if (std::string reason = First({If(!IsReal(a.in(0).type), "its type is not a real one"),
                                  If(IsFloat(a.in(0).type) != IsFloat(a.in(1).type),
                                     "a float operand meets a quantised one"),
                                  SameType(a.in(0), a.out()), Scalar(a.in(2), kBool, "adj_x"),
                                  Scalar(a.in(3), kBool, "adj_y")});
      !reason.empty()) {
    return reason;
  }
  Dimensions left = a.in(0).dimensions, right = a.in(1).dimensions;
  if (left.size() < 2 || left.size() != right.size()) {
    return "its operands have not the same rank of at least 2";
  }
  const size_t n = left.size();
  if (BoolOf(a.in(2))) std::swap(left[n - 1], left[n - 2]);
  if (BoolOf(a.in(3))) std::swap(right[n - 1], right[n - 2]);
  if (left[n - 1] != right[n - 2]) {
    return "the inner sizes " + std::to_string(left[n - 1]) + " and " +
           std::to_string(right[n - 2]) + " differ";
  }
  Dimensions expected;
  for (size_t d = 0; d + 2 < n; ++d) {
    if (left[d] != right[d] && left[d] != 1 && right[d] != 1) return "its batches do not broadcast";
    expected.push_back(std::max(left[d], right[d]));
  }
  expected.push_back(left[n - 2]);
  expected.push_back(right[n - 1]);
  return Expect("the output", expected, a.out());
}

// What weights may be for an input, and the bias for both.
std::string WeightTypes(const Operand& input, const Operand& weights, const Operand& bias) {
  if (IsFloat(input.type)) {
    return First({If(weights.type != input.type,
                     "float activations meet quantised weights: dynamic-range quantisation is a "
                     "precision for CPUs"),
                  If(bias.type != input.type, "the bias is not float")});
  }
  const bool weights_are_int8 =
      weights.type == kTensorQuant8Symm || weights.type == kTensorQuant8AsymmSigned ||
      weights.type == kTensorQuant8Asymm || weights.type == kTensorQuant8SymmPerChannel;
  const bool bias_is_int32 = bias.type == kTensorInt32 || bias.type == kTensorInt32SymmPerChannel;
  return First({If(!IsQuantized(input.type), "its input is neither float nor quantised"),
                If(!weights_are_int8, "the weights of a quantised input are not int8"),
                If(weights.type == kTensorQuant8SymmPerChannel && weights.scales.empty(),
                   "the weights have no scales"),
                If(!bias_is_int32, "the bias of a quantised input is not int32")});
}

std::string FullyConnected(const Arguments& a) {
  const Operand &input = a.in(0), &weights = a.in(1), &bias = a.in(2);
  if (std::string reason =
          First({WeightTypes(input, weights, bias), SameType(input, a.out()),
                 If(weights.dimensions.size() != 2, "the weights are not 2-D"),
                 If(bias.dimensions.size() != 1, "the bias is not 1-D"), Fused(a.in(3))});
      !reason.empty()) {
    return reason;
  }
  const size_t units = weights.dimensions[0], width = weights.dimensions[1];
  return First({If(bias.dimensions[0] != units, "the bias is not as long as the weights' rows"),
                If(ElementCount(input) % width != 0, "the input is no whole number of rows"),
                If(a.out().dimensions.back() != units ||
                       ElementCount(a.out()) != ElementCount(input) / width * units,
                   "the output is not the input's rows by the weights' units")});
}

// Implicit padding: input, filter, bias, padding, stride w, h, [multiplier,] activation, NCHW,
// dilation w, h.
std::string Convolution(const Arguments& a, bool depthwise) {
  const Operand &input = a.in(0), &filter = a.in(1), &bias = a.in(2);
  const size_t at = depthwise ? 7 : 6;  // of the fused activation
  std::vector<const char*> ints = {"the padding", "the stride", "the stride"};
  for (size_t i = 0; i < ints.size(); ++i) {
    if (std::string reason = Scalar(a.in(3 + i), kInt32, ints[i]); !reason.empty()) return reason;
  }
  if (std::string reason =
          First({If(a.inputs() != at + 4, "it has not as many inputs as implicit padding wants"),
                 WeightTypes(input, filter, bias), SameType(input, a.out()),
                 If(input.dimensions.size() != 4 || filter.dimensions.size() != 4 ||
                        a.out().dimensions.size() != 4,
                    "its input, filter and output are not 4-D"),
                 If(bias.dimensions.size() != 1, "the bias is not 1-D"),
                 If(IntOf(a.in(3)) != 1 && IntOf(a.in(3)) != 2, "the padding is neither 1 nor 2"),
                 If(IntOf(a.in(4)) < 1 || IntOf(a.in(5)) < 1, "a stride is not above 0")});
      !reason.empty()) {
    return reason;
  }
  if (std::string reason = First({Fused(a.in(at)), Scalar(a.in(at + 1), kBool, "the layout"),
                                  Scalar(a.in(at + 2), kInt32, "the dilation"),
                                  Scalar(a.in(at + 3), kInt32, "the dilation")});
      !reason.empty()) {
    return reason;
  }
  if (BoolOf(a.in(at + 1))) return "";  // NCHW, which the plugin never passes
  const auto length = [&](size_t dimension, size_t stride, size_t dilation) -> uint32_t {
    const int64_t size = input.dimensions[dimension], step = IntOf(a.in(stride));
    const int64_t kernel = (int64_t{filter.dimensions[dimension]} - 1) * IntOf(a.in(dilation)) + 1;
    const int64_t positions = IntOf(a.in(3)) == 1 ? size : size - kernel + 1;
    return positions < 1 ? 0 : static_cast<uint32_t>((positions + step - 1) / step);
  };
  const uint32_t channels = depthwise ? filter.dimensions[3] : filter.dimensions[0];
  return First({If(!depthwise && input.dimensions[3] != filter.dimensions[3],
                   "input and filter differ in depth"),
                If(bias.dimensions[0] != channels, "the bias is not as long as the filters"),
                Expect("the output",
                       {input.dimensions[0], length(1, 5, at + 3), length(2, 4, at + 2), channels},
                       a.out())});
}

std::string Conv2d(const Arguments& a) { return Convolution(a, false); }
std::string DepthwiseConv2d(const Arguments& a) { return Convolution(a, true); }

std::string Padding(const Arguments& a) {
  const Dimensions& from = a.in(0).dimensions;
  if (std::string reason = First(
          {SameType(a.in(0), a.out()), ConstantInts(a.in(1), 2 * from.size(), "the paddings")});
      !reason.empty()) {
    return reason;
  }
  const std::vector<int32_t> pads = IntsOf(a.in(1));
  Dimensions expected;
  for (size_t d = 0; d < from.size(); ++d) {
    if (pads[2 * d] < 0 || pads[2 * d + 1] < 0) return "a padding is below 0";
    const int64_t size = int64_t{from[d]} + pads[2 * d] + pads[2 * d + 1];
    expected.push_back(static_cast<uint32_t>(size));
  }
  return Expect("the output", expected, a.out());
}

std::string Cast(const Arguments& a) { return Expect("the output", a.in(0).dimensions, a.out()); }

std::string Quantize(const Arguments& a) {
  return First({If(!IsReal(a.in(0).type), "its input is not a real tensor"),
                If(!IsQuantized(a.out().type), "its output is not quantised"),
                Expect("the output", a.in(0).dimensions, a.out())});
}

std::string Dequantize(const Arguments& a) {
  const bool quantized = IsQuantized(a.in(0).type) || a.in(0).type == kTensorQuant8SymmPerChannel;
  return First({If(!quantized, "its input is not quantised"),
                If(!IsFloat(a.out().type), "its output is not float"),
                Expect("the output", a.in(0).dimensions, a.out())});
}

// Pictures: [N, H, W, C] in and out; sizes follow from scalars that are not read here.
std::string Picture(const Arguments& a) {
  return First({SameType(a.in(0), a.out()),
                If(a.in(0).dimensions.size() != 4 || a.out().dimensions.size() != 4,
                   "its input and output are not 4-D"),
                If(a.in(0).dimensions[0] != a.out().dimensions[0], "the batches differ")});
}

std::string SameTypeAlone(const Arguments& a) { return SameType(a.in(0), a.out()); }

const std::map<int32_t, Entry>& Contracts() {
  static const auto* contracts = new std::map<int32_t, Entry>{
      {kAdd, {"ADD", 3, 3, 1, ElementwiseArithmetic}},
      {kSub, {"SUB", 3, 3, 1, ElementwiseArithmetic}},
      {kMul, {"MUL", 3, 3, 1, ElementwiseArithmetic}},
      {kDiv, {"DIV", 3, 3, 1, ElementwiseArithmetic}},
      {kMaximum, {"MAXIMUM", 2, 2, 1, Extremum}},
      {kMinimum, {"MINIMUM", 2, 2, 1, Extremum}},
      {kGreater, {"GREATER", 2, 2, 1, Comparison}},
      {kLess, {"LESS", 2, 2, 1, Comparison}},
      {kAbs, {"ABS", 1, 1, 1, Elementwise}},
      {kRelu, {"RELU", 1, 1, 1, Elementwise}},
      {kTanh, {"TANH", 1, 1, 1, Elementwise}},
      {kLogistic, {"LOGISTIC", 1, 1, 1, Elementwise}},
      {kHardSwish, {"HARD_SWISH", 1, 1, 1, Elementwise}},
      {kRsqrt, {"RSQRT", 1, 1, 1, Elementwise}},
      {kSqrt, {"SQRT", 1, 1, 1, FloatElementwise}},
      {kL2Normalization, {"L2_NORMALIZATION", 1, 2, 1, Elementwise}},
      {kSoftmax, {"SOFTMAX", 2, 3, 1, Softmax}},
      {kGeluV2, {"GELU_V2", 2, 2, 1, Gelu}},
      {kPrelu, {"PRELU", 2, 2, 1, Prelu}},
      {kReshape, {"RESHAPE", 2, 2, 1, Reshape}},
      {kTranspose, {"TRANSPOSE", 2, 2, 1, Transpose}},
      {kConcatenation, {"CONCATENATION", 2, 1000, 1, Concatenation}},
      {kSlice, {"SLICE", 3, 3, 1, Slice}},
      {kStridedSlice, {"STRIDED_SLICE", 7, 7, 1, StridedSlice}},
      {kSplit, {"SPLIT", 3, 3, 0, Split}},
      {kMean, {"MEAN", 3, 3, 1, Mean}},
      {kReduceSum, {"REDUCE_SUM", 3, 3, 1, Reduction}},
      {kReduceMax, {"REDUCE_MAX", 3, 3, 1, Reduction}},
      {kBatchMatmul, {"BATCH_MATMUL", 4, 4, 1, BatchMatmul}},
      {kFullyConnected, {"FULLY_CONNECTED", 4, 4, 1, FullyConnected}},
      {kConv2d, {"CONV_2D", 10, 10, 1, Conv2d}},
      {kDepthwiseConv2d, {"DEPTHWISE_CONV_2D", 11, 11, 1, DepthwiseConv2d}},
      {kPad, {"PAD", 2, 2, 1, Padding}},
      {kPadV2, {"PAD_V2", 3, 3, 1, Padding}},
      {kCast, {"CAST", 1, 1, 1, Cast}},
      {kQuantize, {"QUANTIZE", 1, 1, 1, Quantize}},
      {kDequantize, {"DEQUANTIZE", 1, 1, 1, Dequantize}},
      {kAveragePool2d, {"AVERAGE_POOL_2D", 7, 8, 1, Picture}},
      {kMaxPool2d, {"MAX_POOL_2D", 7, 8, 1, Picture}},
      {kResizeBilinear, {"RESIZE_BILINEAR", 3, 6, 1, Picture}},
      {kResizeNearestNeighbor, {"RESIZE_NEAREST_NEIGHBOR", 3, 6, 1, Picture}},
      {kTransposeConv2d, {"TRANSPOSE_CONV_2D", 9, 11, 1, Picture}},
      {kExtensionOperation, {"extension", 2, 1000, 0, SameTypeAlone}},
  };
  return *contracts;
}

std::string TooManyDimensions(const Operand& operand) {
  if (operand.dimensions.size() <= kMaxRank) return "";
  return "the shape " + Shape(operand.dimensions) + " has more than 4 dimensions";
}

// The plugin always lets fp32 be computed as fp16.
std::string BeyondFloat16(const Operand& operand) {
  if (operand.type != kTensorFloat32 || !operand.IsConstant()) return "";
  const auto* bytes = static_cast<const uint8_t*>(operand.value);
  for (size_t i = 0; i + sizeof(float) <= operand.bytes; i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, bytes + i, sizeof(value));
    if (!(std::fabs(value) <= kGreatestFloat16)) {
      return "a constant is beyond what fp16 holds, or not finite";
    }
  }
  return "";
}

}  // namespace

std::string OperationName(int32_t code) {
  if (code == kUnknownOperation) return "UNKNOWN";
  const auto found = Contracts().find(code);
  return found == Contracts().end() ? "operation " + std::to_string(code) : found->second.name;
}

std::string Refusal(const std::vector<Operand>& operands, const Operation& operation) {
  const auto found = Contracts().find(operation.code);
  if (operation.code == kUnknownOperation) return "the plugin does not legalise it";
  if (found == Contracts().end()) return "Neuron has no contract of this operation";
  const Entry& entry = found->second;
  const size_t inputs = operation.inputs.size(), outputs = operation.outputs.size();
  if (inputs < entry.min_inputs || inputs > entry.max_inputs) {
    return "it has " + std::to_string(inputs) + " inputs";
  }
  if (entry.outputs == 0 ? outputs == 0 : outputs != entry.outputs) {
    return "it has " + std::to_string(outputs) + " outputs";
  }
  const Arguments arguments(operands, operation);
  for (size_t i = 0; i < inputs; ++i) {
    const Operand& input = arguments.in(i);
    if (std::string reason = First({TooManyDimensions(input), BeyondFloat16(input)});
        !reason.empty()) {
      return reason;
    }
  }
  for (size_t i = 0; i < outputs; ++i) {
    if (IsScalar(arguments.out(i).type)) return "an output is a scalar";
    if (std::string reason = TooManyDimensions(arguments.out(i)); !reason.empty()) return reason;
  }
  if (IsScalar(arguments.in(0).type)) return "its first input is a scalar";
  return entry.contract(arguments);
}

}  // namespace sotto::neuron
