// Matrix products by blocks: the right factor in panels of columns, packed once where it is
// constant; the left one packed a block of rows at a time (Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication", 2008).
//
// Two kinds: float by float, summed in float; and integers, summed exactly in double, which holds
// them up to 2^53.

#ifndef SOTTO_NEURON_HOST_KERNELS_PACKED_PRODUCT_H_
#define SOTTO_NEURON_HOST_KERNELS_PACKED_PRODUCT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "threads.h"

namespace sotto::neuron {

constexpr size_t kPanelColumns = 16;
constexpr size_t kRowBlock = 96;      // rows of the left factor that are packed at once
constexpr size_t kMaxPanels = 32;     // that one task multiplies them with
constexpr size_t kRoundedDepth = 32;  // products between two roundings of a sum in fp16

// A batch of matrices [depth, columns]. Element is float, or int16_t for integers of at most 8 bits
// less their zero point and for int16.
template <typename Element>
class PackedMatrices {
 public:
  PackedMatrices() = default;

  // Where an element of the factor is: values[batch * batch_step + row * row_step + column *
  // column_step], less `zero_point`.
  struct Source {
    size_t batches, depth, columns;
    size_t batch_step, row_step, column_step;
    int32_t zero_point;
  };
  template <typename In>
  void Pack(const In* values, const Source& source, Threads& threads);

  size_t depth() const { return depth_; }
  size_t columns() const { return columns_; }
  size_t panels() const { return (columns_ + kPanelColumns - 1) / kPanelColumns; }
  // [depth, kPanelColumns], with zeros behind the last column.
  const Element* panel(size_t batch, size_t i) const {
    return elements_.data() + (batch * panels() + i) * depth_ * kPanelColumns;
  }

 private:
  size_t depth_ = 0, columns_ = 0;
  std::vector<Element> elements_;
};

// Rows of the left factor: values[row * row_step + k * depth_step], less `zero_point`.
template <typename In>
struct LeftRows {
  const In* values;
  size_t rows, row_step, depth_step;
  int32_t zero_point;
};

// A piece of a product: rows [row, row + rows) of one of the batch by panels [panel, last_panel).
struct ProductPiece {
  size_t batch, row, rows, panel, last_panel;
  size_t column() const { return panel * kPanelColumns; }
  size_t columns(size_t all) const {  // of `all` that the factor has
    const size_t end = last_panel * kPanelColumns;
    return (end < all ? end : all) - column();
  }
};

// A product cut into pieces, in a number that suits the threads. What a piece's sums are does not
// depend on it.
class ProductPieces {
 public:
  ProductPieces(size_t batches, size_t rows, size_t depth, size_t columns, size_t threads);
  size_t count() const { return batches_ * row_blocks_ * panel_blocks_; }
  ProductPiece operator[](size_t i) const;

 private:
  size_t batches_, rows_, panels_, together_, row_blocks_, panel_blocks_;
};

// sums[i * step + j] of a piece's rows, `left`, and its columns; `step` apart from row to row.
// With `round` sums are rounded to fp16 after every kRoundedDepth products.
void Multiply(const LeftRows<float>& left, const PackedMatrices<float>& right,
              const ProductPiece& piece, float* sums, size_t step, bool round,
              Workspace& workspace);
template <typename In>  // int8_t, uint8_t or int16_t
void Multiply(const LeftRows<In>& left, const PackedMatrices<int16_t>& right,
              const ProductPiece& piece, double* sums, size_t step, Workspace& workspace);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_PACKED_PRODUCT_H_
