#include "whisper/whisper_shapes.h"

#include <utility>

#include "bundle/tensor_specs.h"

namespace sotto {

std::vector<TensorSpec> CrossShapesOf(const DecoderSpec& decoder, size_t frames) {
  const int width = decoder.head_width();
  const int positions = static_cast<int>(frames / 2);
  std::vector<TensorSpec> cross;
  AddLayers("cross_k", decoder.layers, {1, decoder.heads, positions, width}, &cross);
  AddLayers("cross_v", decoder.layers, {1, decoder.heads, width, positions}, &cross);
  return cross;
}

TensorSpec LogMelShapeOf(int n_mels, size_t frames) {
  return {"log_mel", {1, n_mels, static_cast<int>(frames)}};
}

BlockShapes StepShapesOf(const DecoderSpec& decoder, size_t frames) {
  BlockShapes shapes = PrefillShapesOf(decoder, frames, 1);
  shapes.outputs.push_back(LogitsOf(decoder, 1));
  return shapes;
}

BlockShapes PrefillShapesOf(const DecoderSpec& decoder, size_t frames, int block) {
  BlockShapes shapes = BlockShapesOf(decoder, block);
  const std::vector<TensorSpec> cross = CrossShapesOf(decoder, frames);
  shapes.inputs.insert(shapes.inputs.end(), cross.begin(), cross.end());
  return shapes;
}

BlockShapes AlignmentShapesOf(const DecoderSpec& decoder, size_t frames, int block,
                              size_t alignment_heads) {
  BlockShapes shapes = PrefillShapesOf(decoder, frames, block);
  shapes.outputs.push_back(LogitsOf(decoder, block));
  shapes.outputs.push_back(
      {"attention",
       {1, static_cast<int32_t>(alignment_heads), block, static_cast<int32_t>(frames / 2)}});
  return shapes;
}

namespace {

// Whether a graph's block fits the cache; says so if it does not.
bool BlockFits(const Signature& signature, int cache, std::vector<std::string>* faults) {
  const int block = BlockOf(signature.inputs);
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

std::vector<std::string> WrongShapes(const WhisperBundle& bundle, const Window& window) {
  const DecoderSpec& decoder = bundle.decoder;
  const size_t frames = window.frames;
  std::vector<std::string> faults;
  CompareTensors(window.encoder.name, {LogMelShapeOf(bundle.n_mels, frames)}, window.encoder.inputs,
                 &faults);
  CompareTensors(window.encoder.name, CrossShapesOf(decoder, frames), window.encoder.outputs,
                 &faults);
  CompareBlock(window.decoder, StepShapesOf(decoder, frames), &faults);
  if (window.prefill && BlockFits(*window.prefill, decoder.cache, &faults)) {
    CompareBlock(*window.prefill, PrefillShapesOf(decoder, frames, BlockOf(window.prefill->inputs)),
                 &faults);
  }
  const size_t heads = bundle.alignment_heads.size();
  if (window.alignment && heads == 0) {
    faults.push_back("there is a signature " + window.alignment->name + ", but no alignment head");
  } else if (window.alignment && BlockFits(*window.alignment, decoder.cache, &faults)) {
    CompareBlock(*window.alignment,
                 AlignmentShapesOf(decoder, frames, BlockOf(window.alignment->inputs), heads),
                 &faults);
  }
  return faults;
}

}  // namespace sotto
