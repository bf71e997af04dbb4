// The innermost loops of a matrix product.

#ifndef SOTTO_NEURON_HOST_KERNELS_PRODUCT_TILE_H_
#define SOTTO_NEURON_HOST_KERNELS_PRODUCT_TILE_H_

#include <cstddef>
#include <cstdint>

namespace sotto::neuron {

// tile [rows, kPanelColumns] = left [depth, rows] by right [depth, kPanelColumns].
template <typename Sum, typename Element>
using Tile = void (*)(const Sum* left, const Element* right, size_t depth, Sum* tile);

// Those of this CPU: of `rows` rows at once, and of one.
template <typename Sum, typename Element>
struct Tiles {
  size_t rows;
  Tile<Sum, Element> several, one;
};

Tiles<float, float> FloatTiles();
Tiles<double, int16_t> IntegerTiles();

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_PRODUCT_TILE_H_
