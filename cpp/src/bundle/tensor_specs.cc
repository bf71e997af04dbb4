#include "bundle/tensor_specs.h"

#include <algorithm>

namespace sotto {

size_t TensorSpec::elements() const {
  size_t count = 1;
  for (int32_t dimension : shape) count *= static_cast<size_t>(dimension);
  return count;
}

std::string ShapeText(const std::vector<int32_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

void CompareTensors(const std::string& signature, const std::vector<TensorSpec>& expected,
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

}  // namespace sotto
