#include "model.h"

#include <cmath>
#include <limits>
#include <utility>

#include "contracts.h"

namespace sotto::neuron {
namespace {

constexpr size_t kCopiedBytes = 128;  // ANEURALNETWORKS_MAX_SIZE_OF_IMMEDIATELY_COPIED_VALUES

bool NeedsScale(int32_t type) {
  switch (type) {
    case kTensorQuant8Asymm:
    case kTensorQuant16Symm:
    case kTensorQuant16Asymm:
    case kTensorQuant8Symm:
    case kTensorQuant8AsymmSigned:
      return true;
    default:
      return false;
  }
}

std::pair<int32_t, int32_t> ZeroPointRange(int32_t type) {
  switch (type) {
    case kTensorQuant8Asymm:
      return {0, 255};
    case kTensorQuant16Asymm:
      return {0, 65535};
    case kTensorQuant8AsymmSigned:
      return {-128, 127};
    default:
      return {0, 0};
  }
}

}  // namespace

size_t ElementBytes(int32_t type) {
  switch (type) {
    case kFloat32:
    case kInt32:
    case kUint32:
    case kTensorFloat32:
    case kTensorInt32:
    case kTensorInt32SymmPerChannel:
      return 4;
    case kFloat16:
    case kTensorFloat16:
    case kTensorQuant16Symm:
    case kTensorQuant16Asymm:
      return 2;
    case kBool:
    case kTensorBool8:
    case kTensorQuant8Asymm:
    case kTensorQuant8Symm:
    case kTensorQuant8AsymmSigned:
    case kTensorQuant8SymmPerChannel:
    case kExtensionArgument:
      return 1;
    default:
      return 0;
  }
}

bool IsScalar(int32_t type) {
  return type == kFloat32 || type == kInt32 || type == kUint32 || type == kBool || type == kFloat16;
}

size_t ElementCount(const Operand& operand) {
  size_t count = 1;
  for (const uint32_t size : operand.dimensions) {
    count *= size;
    if (count > std::numeric_limits<uint32_t>::max()) return 0;
  }
  return count;
}

int Model::Fail(int result, std::string message) {
  error_ = std::move(message);
  return result;
}

int Model::AddOperand(const NeuronOperandType& type) {
  const std::string which = "operand " + std::to_string(operands_.size());
  if (finished_) return Fail(kBadState, which + " is added to a finished model");
  if (ElementBytes(type.type) == 0) {
    return Fail(kBadData, which + " has the unknown type " + std::to_string(type.type));
  }
  if (type.dimensionCount > 0 && type.dimensions == nullptr) {
    return Fail(kUnexpectedNull, which + " has dimensions, but no sizes");
  }
  if (IsScalar(type.type) != (type.dimensionCount == 0)) {
    return Fail(kBadData, which + " is a scalar with dimensions, or a tensor without");
  }
  Operand operand;
  operand.type = type.type;
  operand.dimensions.assign(type.dimensions, type.dimensions + type.dimensionCount);
  operand.scale = type.scale;
  operand.zero_point = type.zeroPoint;
  if (ElementCount(operand) == 0) {
    return Fail(kBadData, which + " has a size of 0 or too many elements: shapes must be static");
  }
  if (NeedsScale(type.type) && !(std::isfinite(type.scale) && type.scale > 0)) {
    return Fail(kBadData, which + " is quantised, but its scale is not above 0");
  }
  const auto [min, max] = ZeroPointRange(type.type);
  if (NeedsScale(type.type) && (type.zeroPoint < min || type.zeroPoint > max)) {
    return Fail(kBadData, which + " has a zero point out of its type's range");
  }
  operands_.push_back(std::move(operand));
  return kNoError;
}

int Model::SetValue(int32_t index, const void* value, size_t bytes) {
  const std::string which = "the value of operand " + std::to_string(index);
  if (finished_) return Fail(kBadState, which + " is set in a finished model");
  if (index < 0 || static_cast<size_t>(index) >= operands_.size()) {
    return Fail(kBadData, which + " is set, but there is no such operand");
  }
  if (value == nullptr) return Fail(kUnexpectedNull, which + " is null");
  Operand& operand = operands_[static_cast<size_t>(index)];
  const size_t expected = ElementCount(operand) * ElementBytes(operand.type);
  if (bytes != expected) {
    return Fail(kBadData, which + " has " + std::to_string(bytes) + " bytes, not " +
                              std::to_string(expected));
  }
  operand.bytes = bytes;
  if (bytes <= kCopiedBytes) {
    const auto* first = static_cast<const uint8_t*>(value);
    operand.copied.assign(first, first + bytes);
    operand.value = operand.copied.data();
  } else {
    operand.value = value;
  }
  return kNoError;
}

int Model::SetChannelScales(int32_t index, const NeuronPerChannelQuantParams& parameters) {
  const std::string which = "the scales of operand " + std::to_string(index);
  if (finished_) return Fail(kBadState, which + " are set in a finished model");
  if (index < 0 || static_cast<size_t>(index) >= operands_.size()) {
    return Fail(kBadData, which + " are set, but there is no such operand");
  }
  Operand& operand = operands_[static_cast<size_t>(index)];
  if (operand.type != kTensorQuant8SymmPerChannel && operand.type != kTensorInt32SymmPerChannel) {
    return Fail(kBadData, which + " are a channel's, but its type has one scale");
  }
  if (parameters.channelDim >= operand.dimensions.size() ||
      parameters.scaleCount != operand.dimensions[parameters.channelDim]) {
    return Fail(kBadData, which + " are not as many as its channels");
  }
  if (parameters.scales == nullptr ||
      (parameters.zeroPointCount > 0 && parameters.zeroPoints == nullptr)) {
    return Fail(kUnexpectedNull, which + " are null");
  }
  if (parameters.zeroPointCount != 0 && parameters.zeroPointCount != parameters.scaleCount) {
    return Fail(kBadData, which + " and its zero points are not equally many");
  }
  for (uint32_t i = 0; i < parameters.scaleCount; ++i) {
    if (!(std::isfinite(parameters.scales[i]) && parameters.scales[i] >= 0)) {
      return Fail(kBadData, which + " are negative or not finite");
    }
  }
  operand.channel = parameters.channelDim;
  operand.scales.assign(parameters.scales, parameters.scales + parameters.scaleCount);
  operand.zero_points.assign(parameters.zeroPoints,
                             parameters.zeroPoints + parameters.zeroPointCount);
  return kNoError;
}

int Model::CheckIndices(const char* what, uint32_t count, const uint32_t* indices) {
  if (count > 0 && indices == nullptr) {
    return Fail(kUnexpectedNull, std::string(what) + " are null");
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (indices[i] >= operands_.size()) {
      return Fail(kBadData, std::string(what) + " name operand " + std::to_string(indices[i]) +
                                ", which is not there");
    }
  }
  return kNoError;
}

int Model::AddOperation(int32_t code, uint32_t inputs, const uint32_t* input, uint32_t outputs,
                        const uint32_t* output) {
  const std::string which =
      "operation " + std::to_string(operations_.size()) + " (" + OperationName(code) + ")";
  if (finished_) return Fail(kBadState, which + " is added to a finished model");
  if (const int result = CheckIndices((which + ": its inputs").c_str(), inputs, input)) {
    return result;
  }
  if (const int result = CheckIndices((which + ": its outputs").c_str(), outputs, output)) {
    return result;
  }
  Operation operation;
  operation.code = code;
  operation.inputs.assign(input, input + inputs);
  operation.outputs.assign(output, output + outputs);
  operation.refusal = Refusal(operands_, operation);
  operations_.push_back(std::move(operation));
  return kNoError;
}

int Model::SetInputsAndOutputs(uint32_t inputs, const uint32_t* input, uint32_t outputs,
                               const uint32_t* output) {
  if (finished_) return Fail(kBadState, "inputs and outputs are named in a finished model");
  if (const int result = CheckIndices("the model's inputs", inputs, input)) return result;
  if (const int result = CheckIndices("the model's outputs", outputs, output)) return result;
  inputs_.assign(input, input + inputs);
  outputs_.assign(output, output + outputs);
  return kNoError;
}

int Model::Finish() {
  if (finished_) return Fail(kBadState, "the model is finished already");
  std::vector<bool> known(operands_.size());
  for (size_t i = 0; i < operands_.size(); ++i) known[i] = operands_[i].IsConstant();
  for (const uint32_t index : inputs_) {
    if (known[index]) return Fail(kBadData, "an input of the model is constant or named twice");
    known[index] = true;
  }
  for (size_t i = 0; i < operations_.size(); ++i) {
    const Operation& operation = operations_[i];
    const std::string which =
        "operation " + std::to_string(i) + " (" + OperationName(operation.code) + ")";
    for (const uint32_t index : operation.inputs) {
      if (!known[index]) {
        return Fail(kBadData, which + " reads operand " + std::to_string(index) +
                                  " before anything writes it");
      }
    }
    for (const uint32_t index : operation.outputs) {
      if (known[index]) {
        return Fail(kBadData, which + " writes operand " + std::to_string(index) +
                                  ", which is written already");
      }
      known[index] = true;
    }
  }
  for (const uint32_t index : outputs_) {
    if (!known[index]) return Fail(kBadData, "nothing writes an output of the model");
  }
  finished_ = true;
  return kNoError;
}

}  // namespace sotto::neuron
