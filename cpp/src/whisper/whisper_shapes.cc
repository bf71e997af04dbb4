#include "whisper/whisper_shapes.h"

#include <utility>

#include "bundle/tensor_specs.h"

namespace sotto {
namespace {

void AddLayers(const char* tensor, int layers, std::vector<int32_t> shape,
               std::vector<TensorSpec>* specs) {
  for (int layer = 0; layer < layers; ++layer) specs->push_back({LayerName(tensor, layer), shape});
}

}  // namespace

WindowShapes ShapesOf(const Dims& dims, size_t frames, int cache) {
  const int layers = dims.n_text_layer;
  const int heads = dims.n_text_head;
  const int width = dims.n_text_state / heads;
  const int positions = static_cast<int>(frames / 2);
  WindowShapes shapes;
  shapes.encoder_inputs = {{"log_mel", {1, dims.n_mels, static_cast<int>(frames)}}};
  std::vector<TensorSpec> cross;
  AddLayers("cross_k", layers, {1, heads, positions, width}, &cross);
  AddLayers("cross_v", layers, {1, heads, width, positions}, &cross);
  shapes.encoder_outputs = cross;
  shapes.decoder_inputs = {{"hidden", {1, 1, dims.n_text_state}}, {"mask", {1, 1, 1, cache + 1}}};
  AddLayers("self_k", layers, {1, heads, cache, width}, &shapes.decoder_inputs);
  AddLayers("self_v", layers, {1, heads, width, cache}, &shapes.decoder_inputs);
  shapes.decoder_inputs.insert(shapes.decoder_inputs.end(), cross.begin(), cross.end());
  shapes.decoder_outputs = {{"logits", {1, 1, dims.n_vocab}}};
  AddLayers("new_k", layers, {1, heads, 1, width}, &shapes.decoder_outputs);
  AddLayers("new_v", layers, {1, heads, width, 1}, &shapes.decoder_outputs);
  return shapes;
}

BlockShapes PrefillShapesOf(const Dims& dims, size_t frames, int cache, int block) {
  const int heads = dims.n_text_head;
  const int width = dims.n_text_state / heads;
  const int layers = dims.n_text_layer;
  BlockShapes shapes;
  shapes.inputs = ShapesOf(dims, frames, cache).decoder_inputs;
  shapes.inputs[0] = {"hidden", {1, block, dims.n_text_state}};
  shapes.inputs[1] = {"mask", {1, 1, block, cache + block}};
  AddLayers("new_k", layers, {1, heads, block, width}, &shapes.outputs);
  AddLayers("new_v", layers, {1, heads, width, block}, &shapes.outputs);
  return shapes;
}

BlockShapes AlignmentShapesOf(const Dims& dims, size_t frames, int cache, int block,
                              size_t alignment_heads) {
  BlockShapes shapes = PrefillShapesOf(dims, frames, cache, block);
  shapes.outputs.insert(shapes.outputs.begin(), {"logits", {1, block, dims.n_vocab}});
  shapes.outputs.push_back(
      {"attention",
       {1, static_cast<int32_t>(alignment_heads), block, static_cast<int32_t>(frames / 2)}});
  return shapes;
}

namespace {

// Whether a graph's block fits the cache; says so if it does not.
bool BlockFits(const Signature& signature, int cache, std::vector<std::string>* faults) {
  const int block = BlockOf(signature);
  if (block >= 1 && block <= cache) return true;
  faults->push_back("signature " + signature.name + " takes " + std::to_string(block) +
                    " positions, expected 1 to " + std::to_string(cache));
  return false;
}

void CompareBlock(const Signature& signature, const BlockShapes& shapes,
                  std::vector<std::string>* faults) {
  CompareTensors(signature.name, shapes.inputs, signature.inputs, faults);
  CompareTensors(signature.name, shapes.outputs, signature.outputs, faults);
}

}  // namespace

std::vector<std::string> WrongShapes(const Bundle& bundle, const Window& window) {
  const WindowShapes shapes = ShapesOf(bundle.dims, window.frames, bundle.cache);
  std::vector<std::string> faults;
  CompareTensors(window.encoder.name, shapes.encoder_inputs, window.encoder.inputs, &faults);
  CompareTensors(window.encoder.name, shapes.encoder_outputs, window.encoder.outputs, &faults);
  CompareTensors(window.decoder.name, shapes.decoder_inputs, window.decoder.inputs, &faults);
  CompareTensors(window.decoder.name, shapes.decoder_outputs, window.decoder.outputs, &faults);
  if (window.prefill && BlockFits(*window.prefill, bundle.cache, &faults)) {
    CompareBlock(
        *window.prefill,
        PrefillShapesOf(bundle.dims, window.frames, bundle.cache, BlockOf(*window.prefill)),
        &faults);
  }
  const size_t heads = bundle.alignment_heads.size();
  if (window.alignment && heads == 0) {
    faults.push_back("there is a signature " + window.alignment->name + ", but no alignment head");
  } else if (window.alignment && BlockFits(*window.alignment, bundle.cache, &faults)) {
    CompareBlock(*window.alignment,
                 AlignmentShapesOf(bundle.dims, window.frames, bundle.cache,
                                   BlockOf(*window.alignment), heads),
                 &faults);
  }
  return faults;
}

}  // namespace sotto
