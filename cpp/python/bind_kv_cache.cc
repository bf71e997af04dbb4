// A text's keys and values, taken further by graphs that Python computes: what conversion compares
// and calibrates graphs by. Masks, positions and caches are the runtime's.

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bind_components.h"
#include "bundle/bundle_parts.h"
#include "decode/block_graph.h"
#include "decode/decoder_spec.h"
#include "decode/self_caches.h"
#include "decoder_arguments.h"
#include "errors.h"
#include "litert/compiled_files.h"
#include "python_graphs.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// Not for several threads at once.
class KvCache {
 public:
  KvCache(const DecoderSpec& spec, py::object run)
      : spec_(spec), python_(std::move(run)), files_(python_.Function([this] {
          return py::cast(this, py::return_value_policy::reference);
        })) {}

  PythonGraphs& python() { return python_; }
  size_t width() const { return static_cast<size_t>(spec_.width); }
  size_t position() const { return position_; }

  // What graphs take besides a text's rows, its mask and the caches.
  Result<void> SetInput(const TensorSpec& spec, const float* data) {
    SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, TensorBuffer::Create(files_.runtime(), spec));
    std::copy_n(data, spec.elements(), buffer.data());
    buffers_.push_back(std::move(buffer));
    inputs_[spec.name] = &buffers_.back();
    return {};
  }

  // Runs `rows` [count, width] as the next positions: a block at a time, the last one padded.
  Result<void> Advance(const Signature& signature, const float* rows, size_t count) {
    if (position_ + count > static_cast<size_t>(spec_.cache)) {
      return Error{ErrorCode::kModel, "the text is longer than the decoder's cache of " +
                                          std::to_string(spec_.cache) + " positions"};
    }
    SOTTO_ASSIGN_OR_RETURN(BlockGraph * graph, GraphOf(signature));
    for (size_t done = 0; done < count;) {
      const size_t size = std::min(graph->size(), count - done);
      std::copy_n(rows + done * width(), size * width(), graph->hidden(0));
      const auto written = graph->Run(position_, size, caches_.get());
      if (!written.ok()) return written.error();
      position_ += size;
      done += size;
    }
    return {};
  }

 private:
  Result<BlockGraph*> GraphOf(const Signature& signature) {
    std::unique_ptr<BlockGraph>& block = graphs_[signature.name];
    if (block == nullptr) {
      SOTTO_ASSIGN_OR_RETURN(auto graph, Graph::Create(&files_, signature));
      if (caches_ == nullptr) {
        SOTTO_ASSIGN_OR_RETURN(caches_, SelfCaches::Create(*graph, spec_));
      }
      SOTTO_ASSIGN_OR_RETURN(block, BlockGraph::Create(std::move(graph), spec_, {}, inputs_));
    }
    return block.get();
  }

  const DecoderSpec spec_;
  PythonGraphs python_;
  CompiledFiles files_;
  std::deque<TensorBuffer> buffers_;  // of the inputs; a deque: the map points into it
  BufferMap inputs_;
  std::unique_ptr<SelfCaches> caches_;                         // made with the first graph
  std::map<std::string, std::unique_ptr<BlockGraph>> graphs_;  // after what they run over
  size_t position_ = 0;
};

std::unique_ptr<KvCache> Make(const py::object& spec,
                              const std::map<std::string, FloatArray>& inputs, py::object run) {
  auto cache = std::make_unique<KvCache>(SpecOf(spec), std::move(run));
  for (const auto& [name, array] : inputs) {
    const std::vector<int32_t> shape(array.shape(), array.shape() + array.ndim());
    Unwrap(cache->SetInput({name, shape}, array.data()));
  }
  return cache;
}

void Advance(KvCache& cache, const py::object& graph, const FloatArray& rows) {
  if (rows.ndim() != 2 || static_cast<size_t>(rows.shape(1)) != cache.width()) {
    ThrowPython(
        {ErrorCode::kModel, "rows must be of shape [n, " + std::to_string(cache.width()) + "]"});
  }
  const Signature signature = SignatureOf(graph);
  const float* data = rows.data();
  const auto count = static_cast<size_t>(rows.shape(0));
  Unwrap(cache.python().Run([&] { return cache.Advance(signature, data, count); }));
}

}  // namespace

void BindKvCache(py::module_& m) {
  py::class_<KvCache>(m, "KvCache",
                      "A text's keys and values, and graphs of a decoder that take it further.")
      .def(py::init(&Make), "spec"_a, "inputs"_a, "run"_a,
           "spec: a DecoderSpec; inputs: by name, what its graphs take besides rows, mask and\n"
           "caches, such as an encoder's keys and values.\n"
           "run: computes the graphs, as WindowDecoder's.")
      .def_property_readonly("position", &KvCache::position, "How many positions the text has.")
      .def(
          "advance", &Advance, "graph"_a, "rows"_a,
          "Runs rows, float32 [n, width] of token and position, as the next positions by `graph`,\n"
          "a Signature over one position or a block of them.\n\n"
          "Raises what run raises, and ModelError for a graph that is none of such a decoder, or\n"
          "where the cache has no room.");
}

}  // namespace sotto
