// What FULLY_CONNECTED, BATCH_MATMUL and CONV_2D share: a product of rows that come from somewhere
// by a matrix, then a bias and an activation.

#ifndef SOTTO_NEURON_HOST_KERNELS_PRODUCT_KERNEL_H_
#define SOTTO_NEURON_HOST_KERNELS_PRODUCT_KERNEL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/packed_product.h"

namespace sotto::neuron {

// Sizes of a product, each of whose batches is [rows, depth] by [depth, columns].
struct ProductShape {
  size_t batches, rows, depth, columns;
};

// Rows of the left factor: those of a piece. Workspace::patches is free for them.
template <typename In>
using LeftFactor = std::function<LeftRows<In>(const Buffers& buffers, size_t batch, size_t row,
                                              size_t rows, Workspace& workspace)>;

// The right factor: an input of the operation, packed at once if it is constant and with every run
// if it is computed.
template <typename Element>
class RightFactor {
 public:
  using Source = typename PackedMatrices<Element>::Source;

  // kModel for a factor of a type that is not multiplied, or too large.
  static sotto::Result<RightFactor> Of(const Call& call, size_t input, const Source& source);
  // That of a batch of the product; the same unless it is set.
  std::function<size_t(size_t batch)> batch_of = [](size_t batch) { return batch; };

  const PackedMatrices<Element>& Packed(const Buffers& buffers, Threads& threads) const;
  bool constant() const { return constant_; }

 private:
  void Pack(const void* values, Threads& threads) const;

  size_t input_ = 0;
  int32_t type_ = 0;
  bool constant_ = false;
  Source source_ = {};
  std::shared_ptr<PackedMatrices<Element>> packed_;  // one run at a time writes it
};

// Integers back to those of the output: sums of products by the scales of both, column by column.
struct Rescaling {
  std::vector<double> multipliers;  // a column's, or one for all
  double zero_point, min, max;
};
// Of inputs 0 and 1, whose product has `columns`; kModel where its scales are not those of columns.
sotto::Result<Rescaling> RescalingOf(const Call& call, size_t columns,
                                     const ActivationRange& activation);

// A product of floats. `bias` is the place of that input.
Run FloatProduct(const ProductShape& shape, LeftFactor<float> left, RightFactor<float> right,
                 std::optional<size_t> bias, const ActivationRange& activation,
                 const Arithmetic& arithmetic);

// A product of integers, whose sums are exact, as TFLite's reference kernels define it, but that
// sums are rescaled by a real number where those have one of 31 bits: a step at most between them.
template <typename In>
Run IntegerProduct(const ProductShape& shape, LeftFactor<In> left, RightFactor<int16_t> right,
                   std::optional<size_t> bias, Rescaling rescaling);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_PRODUCT_KERNEL_H_
