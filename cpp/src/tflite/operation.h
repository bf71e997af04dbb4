// One operation of a graph, and the rule that it must follow: what TFLite and XNNPACK take for
// granted of it. All shapes are static, so a rule computes what the operation would write and
// compares it with what the file says: then no kernel reads or writes beyond a tensor.

#ifndef SOTTO_SRC_TFLITE_OPERATION_H_
#define SOTTO_SRC_TFLITE_OPERATION_H_

#include <string>
#include <vector>

#include "sotto/error.h"
#include "tflite/shape.h"
#include "tflite/tensor.h"
#include "tflite_schema/schema_generated.h"

namespace sotto {

struct Operation {
  std::vector<const CheckedTensor*> inputs;  // null where an optional one is left out
  std::vector<const CheckedTensor*> outputs;
  const void* options;  // the table that its rule names; null if there is none

  const CheckedTensor& in(size_t i = 0) const { return *inputs[i]; }
  const CheckedTensor& out(size_t i = 0) const { return *outputs[i]; }
  bool has_input(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }

  template <typename T>
  const T& Options() const {
    return *static_cast<const T*>(options);
  }
};

using Rule = Result<void> (*)(const Operation&);

// Any number of inputs or outputs.
constexpr size_t kAnyNumber = static_cast<size_t>(-1);

struct OperatorRule {
  ::tflite::BuiltinOperator code;
  const char* name;
  ::tflite::BuiltinOptions options;   // of what kind its options are
  flatbuffers::voffset_t last_field;  // of the options, see HasOnlyFieldsUpTo; 0 if it has none
  bool needs_options;
  size_t min_inputs, max_inputs;  // an input from min_inputs on may be left out
  size_t min_outputs, max_outputs;
  unsigned int per_channel;  // bits of the inputs that may have a scale for each channel
  Rule rule;
};

// The rule of an operation; null of one that is not allowed. Those of MediaTek's NPU are
// (python/sotto/npu/rules.py), which are all that Sotto's conversion writes.
const OperatorRule* FindRule(::tflite::BuiltinOperator code);

// The output `i` must have this shape.
Result<void> ExpectShape(const Operation& operation, const Shape& shape, size_t i = 0);

// Both tensors must have one type.
Result<void> ExpectSameType(const CheckedTensor& a, const CheckedTensor& b);

// One of those that kernels compute.
Result<void> ExpectActivation(::tflite::ActivationFunctionType activation);

// `axis` of a tensor of `rank` dimensions, which counts from the end if it is negative; in
// [0, rank), or kBundle.
Result<int> ResolveAxis(int64_t axis, int rank);

// Rules, by what operations do. elementwise_rules.cc:
Result<void> CheckUnary(const Operation& operation);
Result<void> CheckCast(const Operation& operation);
Result<void> CheckDequantize(const Operation& operation);
Result<void> CheckQuantize(const Operation& operation);
Result<void> CheckLeakyRelu(const Operation& operation);
Result<void> CheckL2Norm(const Operation& operation);
Result<void> CheckSoftmax(const Operation& operation);
Result<void> CheckPrelu(const Operation& operation);
Result<void> CheckAdd(const Operation& operation);
Result<void> CheckSub(const Operation& operation);
Result<void> CheckMul(const Operation& operation);
Result<void> CheckDiv(const Operation& operation);
Result<void> CheckBinary(const Operation& operation);
Result<void> CheckComparison(const Operation& operation);

// movement_rules.cc:
Result<void> CheckReshape(const Operation& operation);
Result<void> CheckTranspose(const Operation& operation);
Result<void> CheckSlice(const Operation& operation);
Result<void> CheckStridedSlice(const Operation& operation);
Result<void> CheckSplit(const Operation& operation);
Result<void> CheckConcatenation(const Operation& operation);
Result<void> CheckPad(const Operation& operation);
Result<void> CheckReduction(const Operation& operation);

// window_rules.cc:
Result<void> CheckConv2D(const Operation& operation);
Result<void> CheckDepthwiseConv2D(const Operation& operation);
Result<void> CheckTransposeConv(const Operation& operation);
Result<void> CheckPool(const Operation& operation);
Result<void> CheckResizeBilinear(const Operation& operation);
Result<void> CheckResizeNearest(const Operation& operation);

// product_rules.cc:
Result<void> CheckFullyConnected(const Operation& operation);
Result<void> CheckBatchMatMul(const Operation& operation);
// The bias of a layer, which may be left out: one number for each of `channels`.
Result<void> CheckBias(const Operation& operation, size_t input, int64_t channels);
// Weights that are quantised have one scale, or one for each size of `dimension`.
Result<void> CheckWeights(const CheckedTensor& weights, int dimension);

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_OPERATION_H_
