// The tensors of a decoder's graphs, by name.

#ifndef SOTTO_SRC_DECODE_DECODER_TENSORS_H_
#define SOTTO_SRC_DECODE_DECODER_TENSORS_H_

#include <string>
#include <vector>

#include "sotto/bundle.h"

namespace sotto {

// A layer's own tensor: "cross_k_3".
std::string LayerName(const char* tensor, int layer);

// What a graph over a block of K positions and the decoder's caches takes and gives.
struct BlockShapes {
  std::vector<TensorSpec> inputs;  // hidden [1, K, d], mask [1, 1, K, C + K], self_k_i, …
  std::vector<TensorSpec> outputs;
};

// K, which such a graph is free to choose: read off its hidden [1, K, d]; 0 if it has none.
int BlockOf(const Signature& signature);

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_DECODER_TENSORS_H_
