#include "decoder_arguments.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "errors.h"

namespace sotto {
namespace {

namespace py = pybind11;

std::vector<TensorSpec> SpecsOf(const py::object& tensors) {
  std::vector<TensorSpec> specs;
  for (const py::handle tensor : tensors) {
    specs.push_back({tensor.attr("name").cast<std::string>(),
                     tensor.attr("shape").cast<std::vector<int32_t>>()});
  }
  return specs;
}

}  // namespace

DecoderSpec SpecOf(const py::object& spec) {
  const auto count = [&](const char* name) {
    const int value = spec.attr(name).cast<int>();
    if (value >= 1) return value;
    ThrowPython({ErrorCode::kModel, "a decoder's " + std::string(name) +
                                        " must be 1 or more, not " + std::to_string(value)});
  };
  DecoderSpec found;
  found.layers = count("layers");
  found.heads = count("heads");
  found.kv_heads = count("kv_heads");
  found.width = count("width");
  found.context = count("context");
  found.cache = count("cache");
  found.vocabulary = count("vocabulary");
  found.masked = spec.attr("masked").cast<float>();
  return found;
}

Signature SignatureOf(const py::object& graph) {
  Signature signature;
  signature.name = graph.attr("name").cast<std::string>();
  signature.inputs = SpecsOf(graph.attr("inputs"));
  signature.outputs = SpecsOf(graph.attr("outputs"));
  return signature;
}

}  // namespace sotto
