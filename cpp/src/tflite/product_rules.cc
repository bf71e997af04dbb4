// Matrix products: layers with weights, and products of two computed matrices.

#include <algorithm>

#include "tflite/operation.h"

namespace sotto {
namespace {

using namespace ::tflite;  // NOLINT: types and options are its names

// Float with float weights or, of a dynamic range, with integer ones; or all integers.
Result<void> ExpectProductTypes(const CheckedTensor& in, const CheckedTensor& weights,
                                const CheckedTensor& out) {
  SOTTO_RETURN_IF_ERROR(ExpectSameType(in, out));
  const bool fits =
      (in.type == TensorType_FLOAT32 &&
       weights.Is({TensorType_FLOAT32, TensorType_INT8, TensorType_INT4})) ||
      (in.type == TensorType_INT8 && weights.Is({TensorType_INT8, TensorType_INT4})) ||
      (in.type == TensorType_INT16 && weights.Is({TensorType_INT8, TensorType_INT16}));
  if (fits) return {};
  return Damaged("it multiplies element types that are not taken together");
}

}  // namespace

Result<void> CheckWeights(const CheckedTensor& weights, int dimension) {
  if (weights.type == TensorType_FLOAT32) return {};
  if (!weights.is_constant()) return Damaged("its quantised weights are not constant");
  if (weights.per_block()) return {};  // rows are the outputs, and the blocks are theirs
  if (weights.per_channel() && weights.channel_dimension != dimension) {
    return Damaged("its weights have scales along another dimension than its outputs'");
  }
  return {};
}

Result<void> CheckBias(const Operation& operation, size_t input, int64_t channels) {
  if (!operation.has_input(input)) return {};
  const CheckedTensor& bias = operation.in(input);
  if (bias.shape.Elements() != channels || bias.shape.rank < 1 || bias.shape.last() != channels) {
    return Damaged("its bias does not have " + std::to_string(channels) + " numbers");
  }
  const TensorType type = operation.out().type;
  const bool fits = type == TensorType_FLOAT32 ? bias.type == TensorType_FLOAT32
                    : type == TensorType_INT16 ? bias.Is({TensorType_INT32, TensorType_INT64})
                                               : bias.type == TensorType_INT32;
  if (!fits) return Damaged("its bias has an element type that is not taken");
  // Kernels add up integers without asking whether they are there.
  if (bias.type != TensorType_FLOAT32 && !bias.is_constant()) {
    return Damaged("its bias is not constant");
  }
  return {};
}

Result<void> CheckFullyConnected(const Operation& operation) {
  const auto& options = operation.Options<FullyConnectedOptions>();
  SOTTO_RETURN_IF_ERROR(ExpectActivation(options.fused_activation_function()));
  if (options.weights_format() != FullyConnectedOptionsWeightsFormat_DEFAULT ||
      options.quant_spec() != nullptr) {
    return Damaged("its weights have a format that is not taken");
  }
  const CheckedTensor& in = operation.in();
  const CheckedTensor& weights = operation.in(1);
  SOTTO_RETURN_IF_ERROR(ExpectProductTypes(in, weights, operation.out()));
  if (weights.shape.rank != 2 || in.shape.rank < 1) return Damaged("its weights are no matrix");
  if (weights.per_block() && in.type != TensorType_FLOAT32) {
    return Damaged("its weights have a scale for each block, and its input is no float32");
  }
  const int64_t outputs = weights.shape[0], inputs = weights.shape[1];
  SOTTO_RETURN_IF_ERROR(CheckWeights(weights, 0));
  SOTTO_RETURN_IF_ERROR(CheckBias(operation, 2, outputs));
  Shape shape;
  if (options.keep_num_dims()) {
    shape = in.shape;
    if (shape.last() != inputs) {
      return Damaged("its weights " + ToText(weights.shape) + " don't fit its input " +
                     ToText(in.shape));
    }
    shape.sizes[static_cast<size_t>(shape.rank - 1)] = outputs;
  } else {
    const int64_t elements = in.shape.Elements();
    if (elements % inputs != 0) {
      return Damaged("its weights " + ToText(weights.shape) + " don't fit its input " +
                     ToText(in.shape));
    }
    shape.Append(elements / inputs);
    shape.Append(outputs);
  }
  return ExpectShape(operation, shape);
}

Result<void> CheckBatchMatMul(const Operation& operation) {
  const auto& options = operation.Options<BatchMatMulOptions>();
  const CheckedTensor& left = operation.in(0);
  const CheckedTensor& right = operation.in(1);
  SOTTO_RETURN_IF_ERROR(ExpectProductTypes(left, right, operation.out()));
  if (left.type == TensorType_FLOAT32) SOTTO_RETURN_IF_ERROR(CheckWeights(right, -1));
  if (left.shape.rank < 2 || right.shape.rank < 2) return Damaged("it multiplies no matrices");
  const auto batch = [](Shape shape) {
    shape.rank -= 2;
    return shape;
  };
  const auto rows = [](const Shape& shape, bool transposed) {
    return shape[shape.rank - (transposed ? 1 : 2)];
  };
  const auto columns = [](const Shape& shape, bool transposed) {
    return shape[shape.rank - (transposed ? 2 : 1)];
  };
  const std::optional<Shape> batches = Broadcast(batch(left.shape), batch(right.shape));
  if (!batches || columns(left.shape, options.adj_x()) != rows(right.shape, options.adj_y())) {
    return Damaged("its inputs " + ToText(left.shape) + " and " + ToText(right.shape) +
                   " don't fit each other");
  }
  Shape shape = *batches;
  shape.Append(rows(left.shape, options.adj_x()));
  shape.Append(columns(right.shape, options.adj_y()));
  return ExpectShape(operation, shape);
}

}  // namespace sotto
