#include "decode/decoder_tensors.h"

namespace sotto {

std::string LayerName(const char* tensor, int layer) {
  return std::string(tensor) + "_" + std::to_string(layer);
}

void AddLayers(const char* tensor, int layers, const std::vector<int32_t>& shape,
               std::vector<TensorSpec>* specs) {
  for (int layer = 0; layer < layers; ++layer) specs->push_back({LayerName(tensor, layer), shape});
}

BlockShapes BlockShapesOf(const DecoderSpec& spec, int block) {
  const int heads = spec.kv_heads;
  const int width = spec.head_width();
  BlockShapes shapes;
  shapes.inputs = {{"hidden", {1, block, spec.width}}, {"mask", {1, 1, block, spec.cache + block}}};
  AddLayers("self_k", spec.layers, {1, heads, spec.cache, width}, &shapes.inputs);
  AddLayers("self_v", spec.layers, {1, heads, width, spec.cache}, &shapes.inputs);
  AddLayers("new_k", spec.layers, {1, heads, block, width}, &shapes.outputs);
  AddLayers("new_v", spec.layers, {1, heads, width, block}, &shapes.outputs);
  return shapes;
}

TensorSpec LogitsOf(const DecoderSpec& spec, int block) {
  return {"logits", {1, block, spec.vocabulary}};
}

int BlockOf(const std::vector<TensorSpec>& inputs) {
  for (const TensorSpec& spec : inputs) {
    if (spec.name == "hidden" && spec.shape.size() == 3) return spec.shape[1];
  }
  return 0;
}

}  // namespace sotto
