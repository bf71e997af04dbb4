#include "decode/decoder_tensors.h"

namespace sotto {

std::string LayerName(const char* tensor, int layer) {
  return std::string(tensor) + "_" + std::to_string(layer);
}

int BlockOf(const Signature& signature) {
  for (const TensorSpec& spec : signature.inputs) {
    if (spec.name == "hidden" && spec.shape.size() == 3) return spec.shape[1];
  }
  return 0;
}

}  // namespace sotto
