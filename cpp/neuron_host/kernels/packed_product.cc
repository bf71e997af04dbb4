#include "kernels/packed_product.h"

#include <algorithm>

#include "kernels/float16.h"
#include "kernels/product_tile.h"

namespace sotto::neuron {
namespace {

constexpr size_t kDepthBlock = 512;        // of a panel that stays in the first cache
constexpr size_t kWorthATask = 64 * 1024;  // products, below which waking a thread costs more
constexpr size_t kTasksPerThread = 4;

// Tiles of `rows` rows [depth, rows], then the rows that are left one by one.
template <typename In, typename Sum>
void PackLeft(const LeftRows<In>& left, size_t first, size_t depth, size_t tile, Sum* packed) {
  const Sum zero_point = static_cast<Sum>(left.zero_point);
  for (size_t row = 0; row < left.rows;) {
    const size_t rows = left.rows - row >= tile ? tile : 1;
    for (size_t i = 0; i < rows; ++i) {
      const In* from = left.values + (row + i) * left.row_step + first * left.depth_step;
      for (size_t k = 0; k < depth; ++k) {
        packed[k * rows + i] = static_cast<Sum>(from[k * left.depth_step]) - zero_point;
      }
    }
    packed += depth * rows;
    row += rows;
  }
}

template <typename Sum>
void AddTile(const Sum* tile, size_t rows, size_t columns, bool first, bool round, Sum* sums,
             size_t step) {
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const Sum sum =
          first ? tile[i * kPanelColumns + j] : sums[i * step + j] + tile[i * kPanelColumns + j];
      sums[i * step + j] =
          round ? static_cast<Sum>(RoundedToFloat16(static_cast<float>(sum))) : sum;
    }
  }
}

template <typename In, typename Sum, typename Element>
void MultiplyPiece(const LeftRows<In>& left, const PackedMatrices<Element>& right,
                   const ProductPiece& piece, const Tiles<Sum, Element>& tiles, Sum* sums,
                   size_t step, bool round, Workspace& workspace) {
  const size_t block = round ? kRoundedDepth : kDepthBlock;
  Sum* packed = workspace.left.Get<Sum>(left.rows * std::min(block, right.depth()));
  Sum tile[16 * kPanelColumns];
  for (size_t first = 0; first < right.depth(); first += block) {
    const size_t depth = std::min(block, right.depth() - first);
    PackLeft(left, first, depth, tiles.rows, packed);
    for (size_t p = piece.panel; p < piece.last_panel; ++p) {
      const Element* panel = right.panel(piece.batch, p) + first * kPanelColumns;
      const size_t columns = std::min(kPanelColumns, right.columns() - p * kPanelColumns);
      Sum* place = sums + (p - piece.panel) * kPanelColumns;
      const Sum* rows_of_left = packed;
      for (size_t row = 0; row < left.rows;) {
        const size_t rows = left.rows - row >= tiles.rows ? tiles.rows : 1;
        (rows == tiles.rows ? tiles.several : tiles.one)(rows_of_left, panel, depth, tile);
        AddTile(tile, rows, columns, first == 0, round, place + row * step, step);
        rows_of_left += depth * rows;
        row += rows;
      }
    }
  }
}

}  // namespace

template <typename Element>
template <typename In>
void PackedMatrices<Element>::Pack(const In* values, const Source& source, Threads& threads) {
  depth_ = source.depth;
  columns_ = source.columns;
  elements_.resize(source.batches * panels() * depth_ * kPanelColumns);
  threads.For(source.batches * panels(), [&](size_t i, Workspace&) {
    const size_t column = i % panels() * kPanelColumns;
    const size_t columns = std::min(kPanelColumns, columns_ - column);
    const In* from = values + i / panels() * source.batch_step + column * source.column_step;
    Element* to = elements_.data() + i * depth_ * kPanelColumns;
    if (columns < kPanelColumns) std::fill(to, to + depth_ * kPanelColumns, Element{});
    for (size_t k = 0; k < depth_; ++k) {
      for (size_t j = 0; j < columns; ++j) {
        const In value = from[k * source.row_step + j * source.column_step];
        to[k * kPanelColumns + j] =
            static_cast<Element>(value - static_cast<Element>(source.zero_point));
      }
    }
  });
}

template void PackedMatrices<float>::Pack(const float*, const Source&, Threads&);
template void PackedMatrices<int16_t>::Pack(const int8_t*, const Source&, Threads&);
template void PackedMatrices<int16_t>::Pack(const uint8_t*, const Source&, Threads&);
template void PackedMatrices<int16_t>::Pack(const int16_t*, const Source&, Threads&);

ProductPieces::ProductPieces(size_t batches, size_t rows, size_t depth, size_t columns,
                             size_t threads)
    : batches_(batches),
      rows_(rows),
      panels_((columns + kPanelColumns - 1) / kPanelColumns),
      row_blocks_((rows + kRowBlock - 1) / kRowBlock) {
  const size_t products = batches * rows * depth * columns;
  const size_t wanted = std::min(kTasksPerThread * threads, products / kWorthATask);
  const size_t blocks = std::max<size_t>(1, wanted / (batches * row_blocks_));
  together_ = std::min(kMaxPanels, (panels_ + blocks - 1) / blocks);
  panel_blocks_ = (panels_ + together_ - 1) / together_;
}

ProductPiece ProductPieces::operator[](size_t i) const {
  const size_t panel = i % panel_blocks_ * together_;
  const size_t row = i / panel_blocks_ % row_blocks_ * kRowBlock;
  return {i / panel_blocks_ / row_blocks_, row, std::min(kRowBlock, rows_ - row), panel,
          std::min(panels_, panel + together_)};
}

void Multiply(const LeftRows<float>& left, const PackedMatrices<float>& right,
              const ProductPiece& piece, float* sums, size_t step, bool round,
              Workspace& workspace) {
  MultiplyPiece(left, right, piece, FloatTiles(), sums, step, round, workspace);
}

template <typename In>
void Multiply(const LeftRows<In>& left, const PackedMatrices<int16_t>& right,
              const ProductPiece& piece, double* sums, size_t step, Workspace& workspace) {
  MultiplyPiece(left, right, piece, IntegerTiles(), sums, step, false, workspace);
}

template void Multiply(const LeftRows<int8_t>&, const PackedMatrices<int16_t>&, const ProductPiece&,
                       double*, size_t, Workspace&);
template void Multiply(const LeftRows<uint8_t>&, const PackedMatrices<int16_t>&,
                       const ProductPiece&, double*, size_t, Workspace&);
template void Multiply(const LeftRows<int16_t>&, const PackedMatrices<int16_t>&,
                       const ProductPiece&, double*, size_t, Workspace&);

}  // namespace sotto::neuron
