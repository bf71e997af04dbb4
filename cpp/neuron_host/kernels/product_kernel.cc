#include "kernels/product_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

constexpr size_t kMaxPackedBytes = size_t{4} << 30;

bool IsMultiplied(const Tensor& tensor, float) { return tensor.IsFloat(); }
bool IsMultiplied(const Tensor& tensor, int16_t) { return tensor.IsQuantized(); }

// The integers that a quantised type has.
std::pair<double, double> IntegersOf(int32_t type) {
  if (type == kTensorQuant8Asymm) return {0, 255};
  if (type == kTensorQuant16Symm) return {-32768, 32767};
  return {-128, 127};
}

// Calls `body(piece, places of its sums in the output, workspace)` for each piece of a product.
template <typename Body>
void ForProductPieces(const ProductShape& shape, Threads& threads, const Body& body) {
  const ProductPieces pieces(shape.batches, shape.rows, shape.depth, shape.columns,
                             threads.count());
  threads.For(pieces.count(), [&](size_t i, Workspace& workspace) {
    const ProductPiece piece = pieces[i];
    const size_t place = (piece.batch * shape.rows + piece.row) * shape.columns + piece.column();
    body(piece, place, workspace);
  });
}

}  // namespace

template <typename Element>
sotto::Result<RightFactor<Element>> RightFactor<Element>::Of(const Call& call, size_t input,
                                                             const Source& source) {
  const Tensor& tensor = call.inputs[input];
  if (!IsMultiplied(tensor, Element{})) {
    return Unsupported("a factor has the type " + std::to_string(tensor.type));
  }
  const size_t columns = (source.columns + kPanelColumns - 1) / kPanelColumns * kPanelColumns;
  if (source.batches * source.depth * columns > kMaxPackedBytes / sizeof(Element)) {
    return Unsupported("a factor is larger than 4 GiB");
  }
  RightFactor factor;
  factor.input_ = input;
  factor.type_ = tensor.type;
  factor.source_ = source;
  factor.constant_ = tensor.value != nullptr;
  factor.packed_ = std::make_shared<PackedMatrices<Element>>();
  if (factor.constant_) {
    Threads alone(1);
    factor.Pack(tensor.value, alone);
  }
  return factor;
}

template <>
void RightFactor<float>::Pack(const void* values, Threads& threads) const {
  packed_->Pack(static_cast<const float*>(values), source_, threads);
}

template <>
void RightFactor<int16_t>::Pack(const void* values, Threads& threads) const {
  if (type_ == kTensorQuant16Symm) {
    packed_->Pack(static_cast<const int16_t*>(values), source_, threads);
  } else if (type_ == kTensorQuant8Asymm) {
    packed_->Pack(static_cast<const uint8_t*>(values), source_, threads);
  } else {
    packed_->Pack(static_cast<const int8_t*>(values), source_, threads);
  }
}

template <typename Element>
const PackedMatrices<Element>& RightFactor<Element>::Packed(const Buffers& buffers,
                                                            Threads& threads) const {
  if (!constant_) Pack(buffers.inputs[input_], threads);
  return *packed_;
}

template class RightFactor<float>;
template class RightFactor<int16_t>;

sotto::Result<Rescaling> RescalingOf(const Call& call, size_t columns,
                                     const ActivationRange& activation) {
  const Tensor &left = call.inputs[0], &right = call.inputs[1], &output = call.outputs[0];
  Rescaling rescaling;
  const double rest = double{left.scale} / output.scale;
  if (right.scales.empty()) {
    rescaling.multipliers = {rest * right.scale};
  } else {
    if (right.channel != 0 || right.scales.size() != columns) {
      return Unsupported("its weights' scales are not their columns'");
    }
    for (const float scale : right.scales) rescaling.multipliers.push_back(rest * scale);
  }
  const auto integers = IntegersOf(output.type);
  const auto bound = [&](float real) {
    const double integer = std::nearbyint(double{real} / output.scale) + output.zero_point;
    return std::min(std::max(integer, integers.first), integers.second);
  };
  rescaling.zero_point = output.zero_point;
  rescaling.min = bound(activation.min);
  rescaling.max = bound(activation.max);
  return rescaling;
}

Run FloatProduct(const ProductShape& shape, LeftFactor<float> left, RightFactor<float> right,
                 std::optional<size_t> bias, const ActivationRange& activation,
                 const Arithmetic& arithmetic) {
  const bool fp16 = arithmetic.storage == Arithmetic::Storage::kFloat16;
  const bool round = fp16 && arithmetic.sums == Arithmetic::Sums::kFloat16;
  return [=, left = std::move(left), right = std::move(right)](const Buffers& buffers,
                                                               Threads& threads) {
    const PackedMatrices<float>& packed = right.Packed(buffers, threads);
    const float* biases = bias ? buffers.in<float>(*bias) : nullptr;
    float* output = buffers.out<float>();
    ForProductPieces(shape, threads, [&](ProductPiece piece, size_t place, Workspace& workspace) {
      const auto rows = left(buffers, piece.batch, piece.row, piece.rows, workspace);
      const size_t columns = piece.columns(shape.columns);
      piece.batch = right.batch_of(piece.batch);
      float* sums = output + place;
      Multiply(rows, packed, piece, sums, shape.columns, round, workspace);
      for (size_t i = 0; i < piece.rows; ++i) {
        float* row = sums + i * shape.columns;
        if (biases != nullptr) {
          for (size_t j = 0; j < columns; ++j) row[j] += biases[piece.column() + j];
        }
        for (size_t j = 0; j < columns; ++j) row[j] = activation(row[j]);
        if (fp16) RoundToFloat16(row, row, columns);
      }
    });
  };
}

template <typename In>
Run IntegerProduct(const ProductShape& shape, LeftFactor<In> left, RightFactor<int16_t> right,
                   std::optional<size_t> bias, Rescaling rescaling) {
  return [=, left = std::move(left), right = std::move(right), rescaling = std::move(rescaling)](
             const Buffers& buffers, Threads& threads) {
    const PackedMatrices<int16_t>& packed = right.Packed(buffers, threads);
    const int32_t* biases = bias ? buffers.in<int32_t>(*bias) : nullptr;
    const bool one = rescaling.multipliers.size() == 1;
    In* output = buffers.out<In>();
    ForProductPieces(shape, threads, [&](ProductPiece piece, size_t place, Workspace& workspace) {
      const auto rows = left(buffers, piece.batch, piece.row, piece.rows, workspace);
      const size_t columns = piece.columns(shape.columns), column = piece.column();
      piece.batch = right.batch_of(piece.batch);
      double* sums = workspace.sums.Get<double>(piece.rows * columns);
      Multiply(rows, packed, piece, sums, columns, workspace);
      for (size_t i = 0; i < piece.rows; ++i) {
        const double* row = sums + i * columns;
        In* to = output + place + i * shape.columns;
        for (size_t j = 0; j < columns; ++j) {
          const double sum = row[j] + (biases != nullptr ? biases[column + j] : 0);
          const double multiplier = rescaling.multipliers[one ? 0 : column + j];
          const double integer = std::nearbyint(sum * multiplier) + rescaling.zero_point;
          to[j] = static_cast<In>(std::min(std::max(integer, rescaling.min), rescaling.max));
        }
      }
    });
  };
}

template Run IntegerProduct(const ProductShape&, LeftFactor<int8_t>, RightFactor<int16_t>,
                            std::optional<size_t>, Rescaling);
template Run IntegerProduct(const ProductShape&, LeftFactor<uint8_t>, RightFactor<int16_t>,
                            std::optional<size_t>, Rescaling);
template Run IntegerProduct(const ProductShape&, LeftFactor<int16_t>, RightFactor<int16_t>,
                            std::optional<size_t>, Rescaling);

}  // namespace sotto::neuron
