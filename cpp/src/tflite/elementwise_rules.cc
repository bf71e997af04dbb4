// Operations whose output has an element for each of the (broadcast) inputs'.

#include <algorithm>
#include <cmath>

#include "tflite/operation.h"

namespace sotto {
namespace {

using namespace ::tflite;  // NOLINT: types and options are its names

bool IsQuantized(const CheckedTensor& tensor) {
  return tensor.Is({TensorType_INT8, TensorType_UINT8, TensorType_INT16});
}

Result<void> ExpectNumbers(const CheckedTensor& tensor) {
  if (tensor.type == TensorType_FLOAT32 || IsQuantized(tensor)) return {};
  return Damaged("tensor " + Printable(tensor.name) + " has an element type that it does not take");
}

Result<void> ExpectInputShape(const Operation& operation) {
  return ExpectShape(operation, operation.in().shape);
}

Result<void> ExpectBroadcast(const Operation& operation) {
  const std::optional<Shape> shape = Broadcast(operation.in(0).shape, operation.in(1).shape);
  if (!shape) {
    return Damaged("its inputs " + ToText(operation.in(0).shape) + " and " +
                   ToText(operation.in(1).shape) + " don't fit each other");
  }
  return ExpectShape(operation, *shape);
}

// Integers that are no quantised numbers are computed, too: positions, for example.
Result<void> CheckArithmetic(const Operation& operation, bool takes_integers) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(0), operation.in(1)));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(0), operation.out()));
  if (!takes_integers || operation.in().type != TensorType_INT32) {
    SOTTO_RETURN_IF_ERROR(ExpectNumbers(operation.in()));
  }
  return ExpectBroadcast(operation);
}

// A quantised sum brings both inputs to one scale, twice the larger one's, at 2^20 or, of int16,
// 2^15 steps, and then multiplies by its ratio to the output's. A ratio above 1 ends the process.
Result<void> CheckSumScales(const Operation& operation) {
  if (!IsQuantized(operation.in())) return {};
  const double steps = operation.in().type == TensorType_INT16 ? 32768.0 : 1048576.0;
  const double twice = 2.0 * std::max(operation.in(0).first_scale, operation.in(1).first_scale);
  if (twice < steps * operation.out().first_scale) return {};
  return Damaged("the scale of its output is too small for those of its inputs");
}

}  // namespace

Result<void> CheckUnary(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectNumbers(operation.in()));
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(), operation.out()));
  return ExpectInputShape(operation);
}

Result<void> CheckCast(const Operation& operation) {
  const auto numbers = {TensorType_FLOAT32, TensorType_FLOAT16, TensorType_INT32, TensorType_INT64,
                        TensorType_BOOL,    TensorType_INT8,    TensorType_INT16, TensorType_UINT8};
  if (!operation.in().Is(numbers) || !operation.out().Is(numbers)) {
    return Damaged("it converts an element type that is not taken");
  }
  return ExpectInputShape(operation);
}

Result<void> CheckDequantize(const Operation& operation) {
  const CheckedTensor& in = operation.in();
  if (!(IsQuantized(in) || in.Is({TensorType_INT4, TensorType_FLOAT16})) ||
      operation.out().type != TensorType_FLOAT32) {
    return Damaged("it converts an element type that is not taken");
  }
  return ExpectInputShape(operation);
}

Result<void> CheckQuantize(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectNumbers(operation.in()));
  if (!IsQuantized(operation.out())) return Damaged("its output is not quantised");
  return ExpectInputShape(operation);
}

Result<void> CheckLeakyRelu(const Operation& operation) {
  const float alpha = operation.Options<LeakyReluOptions>().alpha();
  if (!(std::abs(alpha) <= 1000.0F)) return Damaged("its alpha is not a usual number");
  return CheckUnary(operation);
}

Result<void> CheckL2Norm(const Operation& operation) {
  if (operation.Options<L2NormOptions>().fused_activation_function() !=
      ActivationFunctionType_NONE) {
    return Damaged("it has an activation");
  }
  if (operation.in().shape.rank < 1) return Damaged("its input is a single number");
  return CheckUnary(operation);
}

Result<void> CheckSoftmax(const Operation& operation) {
  const float beta = operation.Options<SoftmaxOptions>().beta();
  if (!(beta > 0.0F && beta <= 1000.0F)) return Damaged("its beta is not a usual number");
  if (operation.in().shape.rank < 1) return Damaged("its input is a single number");
  // A quantised one multiplies by beta x scale x 2^26, and a product below 1 ends the process.
  if (IsQuantized(operation.in()) &&
      static_cast<double>(beta) * operation.in().first_scale * 67108864.0 <= 1.0) {
    return Damaged("the scale of its input is too small");
  }
  return CheckUnary(operation);
}

Result<void> CheckPrelu(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(CheckArithmetic(operation, /*takes_integers=*/false));
  return ExpectInputShape(operation);
}

Result<void> CheckAdd(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(
      ExpectActivation(operation.Options<AddOptions>().fused_activation_function()));
  SOTTO_RETURN_IF_ERROR(CheckArithmetic(operation, /*takes_integers=*/true));
  return CheckSumScales(operation);
}

Result<void> CheckSub(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(
      ExpectActivation(operation.Options<SubOptions>().fused_activation_function()));
  SOTTO_RETURN_IF_ERROR(CheckArithmetic(operation, /*takes_integers=*/true));
  return CheckSumScales(operation);
}

Result<void> CheckMul(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(
      ExpectActivation(operation.Options<MulOptions>().fused_activation_function()));
  return CheckArithmetic(operation, /*takes_integers=*/true);
}

// Not of integers: a zero would divide.
Result<void> CheckDiv(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(
      ExpectActivation(operation.Options<DivOptions>().fused_activation_function()));
  return CheckArithmetic(operation, /*takes_integers=*/false);
}

Result<void> CheckBinary(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(CheckArithmetic(operation, /*takes_integers=*/true));
  return CheckSumScales(operation);
}

Result<void> CheckComparison(const Operation& operation) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(operation.in(0), operation.in(1)));
  if (operation.in().type != TensorType_INT32) SOTTO_RETURN_IF_ERROR(ExpectNumbers(operation.in()));
  if (operation.out().type != TensorType_BOOL) return Damaged("its output is not of truth values");
  return ExpectBroadcast(operation);
}

}  // namespace sotto
