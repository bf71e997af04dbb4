#include "kernels/matrix_products.h"

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "kernels/broadcast.h"
#include "kernels/product_kernel.h"

namespace sotto::neuron {
namespace {

// A factor's elements in the tensor: of a batch, and in each direction of its matrix.
struct Steps {
  size_t batch, row, column;
};

template <typename In>
LeftFactor<In> RowsOf(const Tensor& tensor, const Steps& steps,
                      std::function<size_t(size_t)> batch_of) {
  const int32_t zero_point = tensor.zero_point;
  return [=](const Buffers& buffers, size_t batch, size_t row, size_t rows, Workspace&) {
    const In* first = buffers.in<In>(0) + batch_of(batch) * steps.batch + row * steps.row;
    return LeftRows<In>{first, rows, steps.row, steps.column, zero_point};
  };
}

// The product of inputs 0 and 1 as `shape` and the steps say.
struct Product {
  ProductShape shape;
  Steps left, right;
  size_t right_batches;
  std::function<size_t(size_t)> left_batch, right_batch;
  std::optional<size_t> bias;
  ActivationRange activation;
};

template <typename Element>
sotto::Result<RightFactor<Element>> RightOf(const Call& call, const Product& product) {
  SOTTO_ASSIGN_OR_RETURN(
      RightFactor<Element> right,
      RightFactor<Element>::Of(
          call, 1,
          {product.right_batches, product.shape.depth, product.shape.columns, product.right.batch,
           product.right.row, product.right.column, call.inputs[1].zero_point}));
  right.batch_of = product.right_batch;
  return right;
}

template <typename In>
sotto::Result<Kernel> Integers(const Call& call, const Product& product) {
  SOTTO_ASSIGN_OR_RETURN(Rescaling rescaling,
                         RescalingOf(call, product.shape.columns, product.activation));
  SOTTO_ASSIGN_OR_RETURN(RightFactor<int16_t> right, RightOf<int16_t>(call, product));
  Kernel kernel;
  if (right.constant()) kernel.packed = {1};
  kernel.run = IntegerProduct<In>(product.shape,
                                  RowsOf<In>(call.inputs[0], product.left, product.left_batch),
                                  std::move(right), product.bias, std::move(rescaling));
  return kernel;
}

sotto::Result<Kernel> PrepareProduct(const Call& call, const Product& product) {
  const Tensor& left = call.inputs[0];
  if (left.type == kTensorQuant8Asymm) return Integers<uint8_t>(call, product);
  if (left.type == kTensorQuant16Symm) return Integers<int16_t>(call, product);
  if (left.IsQuantized()) return Integers<int8_t>(call, product);
  if (!left.IsFloat()) return Unsupported("a factor has the type " + std::to_string(left.type));
  SOTTO_ASSIGN_OR_RETURN(RightFactor<float> right, RightOf<float>(call, product));
  Kernel kernel;
  if (right.constant()) kernel.packed = {1};
  kernel.run = FloatProduct(product.shape, RowsOf<float>(left, product.left, product.left_batch),
                            std::move(right), product.bias, product.activation, call.arithmetic);
  return kernel;
}

}  // namespace

// Rows of the input [rows, width], weights [units, width], bias [units], activation.
sotto::Result<Kernel> PrepareFullyConnected(const Call& call) {
  const size_t units = call.inputs[1].dimensions[0], width = call.inputs[1].dimensions[1];
  Product product;
  product.shape = {1, call.inputs[0].elements / width, width, units};
  product.left = {0, width, 1};
  product.right = {0, 1, width};
  product.right_batches = 1;
  product.left_batch = product.right_batch = [](size_t) { return size_t{0}; };
  product.bias = 2;
  SOTTO_ASSIGN_OR_RETURN(product.activation, ActivationOf(call, 3));
  return PrepareProduct(call, product);
}

// Two factors of the same rank, of whose last two dimensions adj_x and adj_y exchange the meaning.
sotto::Result<Kernel> PrepareBatchMatmul(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const bool turn_left, BoolOf(call, 2));
  SOTTO_ASSIGN_OR_RETURN(const bool turn_right, BoolOf(call, 3));
  const auto batches = [](const Tensor& tensor) {
    return Dimensions(tensor.dimensions.begin(), tensor.dimensions.end() - 2);
  };
  const Dimensions &left = call.inputs[0].dimensions, &right = call.inputs[1].dimensions;
  const Dimensions& output = call.outputs[0].dimensions;
  const size_t n = output.size(), rows = output[n - 2], columns = output[n - 1];
  const size_t depth = left[turn_left ? n - 2 : n - 1];
  SOTTO_ASSIGN_OR_RETURN(
      const Broadcast broadcast,
      Broadcast::Of(batches(call.inputs[0]), batches(call.inputs[1]), batches(call.outputs[0])));
  Product product;
  product.shape = {call.outputs[0].elements / rows / columns, rows, depth, columns};
  product.left = {rows * depth, turn_left ? 1 : depth, turn_left ? rows : 1};
  product.right = {depth * columns, turn_right ? 1 : columns, turn_right ? depth : 1};
  product.right_batches = call.inputs[1].elements / right[n - 1] / right[n - 2];
  product.left_batch = [=](size_t batch) { return broadcast.Element(batch).left; };
  product.right_batch = [=](size_t batch) { return broadcast.Element(batch).right; };
  product.activation = {-INFINITY, INFINITY};
  return PrepareProduct(call, product);
}

}  // namespace sotto::neuron
