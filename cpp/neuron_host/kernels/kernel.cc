#include "kernels/kernel.h"

#include <cstring>
#include <limits>

#include "model.h"

namespace sotto::neuron {

bool Tensor::IsQuantized() const {
  return type == kTensorQuant8Asymm || type == kTensorQuant8AsymmSigned ||
         type == kTensorQuant8Symm || type == kTensorQuant16Symm ||
         type == kTensorQuant8SymmPerChannel;
}

bool Tensor::IsFloat() const { return type == kTensorFloat32 || type == kTensorFloat16; }

size_t Tensor::ElementBytes() const {
  return IsFloat() ? sizeof(float) : neuron::ElementBytes(type);
}

Tensor TensorOf(const Operand& operand) {
  Tensor tensor;
  tensor.type = operand.type;
  tensor.dimensions = operand.dimensions;
  tensor.elements = ElementCount(operand);
  tensor.scale = operand.scale;
  tensor.zero_point = operand.zero_point;
  tensor.channel = operand.channel;
  tensor.scales = operand.scales;
  return tensor;
}

sotto::Error Unsupported(const std::string& what) { return {ErrorCode::kModel, what}; }

namespace {

sotto::Error NotConstant(size_t input) {
  return Unsupported("its input " + std::to_string(input) + " is not there or not constant");
}

template <typename T>
sotto::Result<T> ScalarOf(const Call& call, size_t input, bool right_type) {
  if (input >= call.inputs.size() || call.inputs[input].value == nullptr || !right_type) {
    return NotConstant(input);
  }
  T value{};
  std::memcpy(&value, call.inputs[input].value, sizeof(value));
  return value;
}

int32_t TypeOf(const Call& call, size_t input) {
  return input < call.inputs.size() ? call.inputs[input].type : -1;
}

}  // namespace

sotto::Result<int32_t> IntOf(const Call& call, size_t input) {
  const int32_t type = TypeOf(call, input);
  return ScalarOf<int32_t>(call, input, type == kInt32 || type == kUint32 || type == kTensorInt32);
}

sotto::Result<float> FloatOf(const Call& call, size_t input) {
  return ScalarOf<float>(call, input, TypeOf(call, input) == kFloat32);
}

sotto::Result<bool> BoolOf(const Call& call, size_t input) {
  SOTTO_ASSIGN_OR_RETURN(const uint8_t value,
                         ScalarOf<uint8_t>(call, input, TypeOf(call, input) == kBool));
  return value != 0;
}

sotto::Result<std::vector<int32_t>> IntsOf(const Call& call, size_t input) {
  if (TypeOf(call, input) != kTensorInt32 || call.inputs[input].value == nullptr) {
    return NotConstant(input);
  }
  std::vector<int32_t> values(call.inputs[input].elements);
  std::memcpy(values.data(), call.inputs[input].value, values.size() * sizeof(int32_t));
  return values;
}

sotto::Result<ActivationRange> ActivationOf(const Call& call, size_t input) {
  SOTTO_ASSIGN_OR_RETURN(const int32_t code, IntOf(call, input));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (code) {
    case 0:
      return ActivationRange{-kInfinity, kInfinity};
    case 1:
      return ActivationRange{0, kInfinity};
    case 2:
      return ActivationRange{-1, 1};
    case 3:
      return ActivationRange{0, 6};
    default:
      return Unsupported("its fused activation " + std::to_string(code) + " is not known");
  }
}

}  // namespace sotto::neuron
