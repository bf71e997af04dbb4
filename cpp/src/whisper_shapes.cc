#include "whisper_shapes.h"

#include <algorithm>
#include <utility>

namespace sotto {
namespace {

void AddLayers(const char* tensor, int layers, std::vector<int32_t> shape,
               std::vector<TensorSpec>* specs) {
  for (int layer = 0; layer < layers; ++layer) specs->push_back({LayerName(tensor, layer), shape});
}

void Compare(const std::string& signature, const std::vector<TensorSpec>& expected,
             const std::vector<TensorSpec>& actual, std::vector<std::string>* faults) {
  if (actual.size() != expected.size()) {
    faults->push_back("signature " + signature + " has " + std::to_string(actual.size()) +
                      " tensors on one side, its dims need " + std::to_string(expected.size()));
  }
  for (const TensorSpec& spec : expected) {
    const auto found = std::find_if(actual.begin(), actual.end(), [&](const TensorSpec& other) {
      return other.name == spec.name;
    });
    if (found == actual.end()) {
      faults->push_back("signature " + signature + " lacks " + spec.name);
    } else if (found->shape != spec.shape) {
      faults->push_back("signature " + signature + " has " + spec.name + " of shape " +
                        ShapeText(found->shape) + ", its dims need " + ShapeText(spec.shape));
    }
  }
}

}  // namespace

std::string LayerName(const char* tensor, int layer) {
  return std::string(tensor) + "_" + std::to_string(layer);
}

WindowShapes ShapesOf(const Dims& dims, size_t frames, int cache) {
  const int layers = dims.n_text_layer;
  const int heads = dims.n_text_head;
  const int width = dims.n_text_state / heads;
  const int positions = static_cast<int>(frames / 2);
  WindowShapes shapes;
  shapes.encoder_inputs = {{"log_mel", {1, dims.n_mels, static_cast<int>(frames)}}};
  std::vector<TensorSpec> cross;
  AddLayers("cross_k", layers, {1, heads, width, positions}, &cross);
  AddLayers("cross_v", layers, {1, heads, positions, width}, &cross);
  shapes.encoder_outputs = cross;
  shapes.decoder_inputs = {{"hidden", {1, 1, dims.n_text_state}}, {"mask", {1, 1, 1, cache + 1}}};
  AddLayers("self_k", layers, {1, heads, width, cache}, &shapes.decoder_inputs);
  AddLayers("self_v", layers, {1, heads, cache, width}, &shapes.decoder_inputs);
  shapes.decoder_inputs.insert(shapes.decoder_inputs.end(), cross.begin(), cross.end());
  shapes.decoder_outputs = {{"logits", {1, 1, dims.n_vocab}}};
  AddLayers("new_k", layers, {1, heads, width, 1}, &shapes.decoder_outputs);
  AddLayers("new_v", layers, {1, heads, 1, width}, &shapes.decoder_outputs);
  return shapes;
}

std::vector<std::string> WrongShapes(const Bundle& bundle, const Window& window) {
  const WindowShapes shapes = ShapesOf(bundle.dims, window.frames, bundle.cache);
  std::vector<std::string> faults;
  Compare(window.encoder.name, shapes.encoder_inputs, window.encoder.inputs, &faults);
  Compare(window.encoder.name, shapes.encoder_outputs, window.encoder.outputs, &faults);
  Compare(window.decoder.name, shapes.decoder_inputs, window.decoder.inputs, &faults);
  Compare(window.decoder.name, shapes.decoder_outputs, window.decoder.outputs, &faults);
  return faults;
}

}  // namespace sotto
