// The tensors of a decoder's graphs, by name.

#ifndef SOTTO_SRC_DECODE_DECODER_TENSORS_H_
#define SOTTO_SRC_DECODE_DECODER_TENSORS_H_

#include <string>
#include <vector>

#include "bundle/bundle_parts.h"
#include "decode/decoder_spec.h"

namespace sotto {

// A layer's own tensor: "self_k_3".
std::string LayerName(const char* tensor, int layer);

// Adds one such tensor of each layer.
void AddLayers(const char* tensor, int layers, const std::vector<int32_t>& shape,
               std::vector<TensorSpec>* specs);

// What a graph over a block of K positions and the decoder's caches takes and gives.
struct BlockShapes {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
};

// What every such graph has, for H heads of keys and values that are w wide: hidden [1, K, d],
// mask [1, 1, K, C + K], self_k_i [1, H, C, w] and self_v_i [1, H, w, C]; new_k_i [1, H, K, w] and
// new_v_i [1, H, w, K].
BlockShapes BlockShapesOf(const DecoderSpec& spec, int block);

// What a graph that gives logits has besides: logits [1, K, V].
TensorSpec LogitsOf(const DecoderSpec& spec, int block);

// K, which such a graph is free to choose: read off its hidden [1, K, d]; 0 if it has none.
int BlockOf(const std::vector<TensorSpec>& inputs);

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_DECODER_TENSORS_H_
