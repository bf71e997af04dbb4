// One graph of a decoder: a block of positions over a text's caches. A step is a block of one.

#ifndef SOTTO_SRC_DECODE_BLOCK_GRAPH_H_
#define SOTTO_SRC_DECODE_BLOCK_GRAPH_H_

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "decode/decoder_spec.h"
#include "decode/decoder_tables.h"
#include "decode/self_caches.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"

namespace sotto {

// Not for several threads at once, nor while another graph runs over the same caches.
class BlockGraph {
 public:
  // `graph` has a decoder's tensors (decoder_tensors.h) and may have more: an input for each of the
  // tables' positions, and others, by name in `further`, which is filled by whoever makes them.
  // What is further in `further` is ignored. Buffers and tables must outlive it. kModel if `graph`
  // has other tensors, or one that nothing fills; kBundle if a table does not go with its input.
  static Result<std::unique_ptr<BlockGraph>> Create(std::unique_ptr<Graph> graph,
                                                    const DecoderSpec& spec,
                                                    const DecoderTables& tables,
                                                    const BufferMap& further);

  const Graph& graph() const { return *graph_; }

  // K, positions of a block.
  size_t size() const { return size_; }

  // Where position `i` of the next block begins: [d], which the caller fills before each Run.
  float* hidden(size_t i) { return hidden_->data() + i * width_; }

  // Runs `count` positions, 1 to size(), whose rows are in hidden(), as positions `start` to
  // start + count - 1, and writes their K/V to `caches`, which must hold the positions before.
  // start + count is the cache's size at most. Returns how many bytes were written to the caches.
  Result<size_t> Run(size_t start, size_t count, SelfCaches* caches);

  // An output of the last Run, "logits" for example: null if the graph has none of this name. Rows
  // from `count` on are of no meaning.
  const TensorBuffer* output(const std::string& name) const;

 private:
  struct Position {
    const float* rows;  // [context, width]
    TensorBuffer* input;
    size_t width;
    bool added;  // to what is there
  };

  BlockGraph(std::unique_ptr<Graph> graph, const DecoderSpec& spec)
      : spec_(spec), width_(static_cast<size_t>(spec.width)), graph_(std::move(graph)) {}

  Result<void> CheckTensors() const;
  Result<void> MakeBuffers(const BufferMap& further);
  Result<TensorBuffer*> MakeBuffer(const TensorSpec& spec);
  Result<void> AddPositions(const std::vector<PositionTable>& tables);
  Result<const Graph::Binding*> BindingOf(SelfCaches* caches);
  void FillPositions(size_t start, size_t count);
  void FillMask(size_t start, size_t count);

  const DecoderSpec spec_;
  const size_t width_;  // d
  size_t size_ = 0;
  std::deque<TensorBuffer> buffers_;  // its own; a deque: the map and the members point into it
  BufferMap by_name_;                 // all but the caches
  BufferMap outputs_;
  TensorBuffer* hidden_ = nullptr;
  TensorBuffer* mask_ = nullptr;
  std::vector<Position> positions_;
  std::vector<NewLayer> new_layers_;
  std::unique_ptr<Graph> graph_;  // after the buffers: destroyed first
  std::map<const SelfCaches*, Graph::Binding> bindings_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_BLOCK_GRAPH_H_
