// A graph with buffers of its own.

#ifndef SOTTO_SRC_LITERT_BOUND_GRAPH_H_
#define SOTTO_SRC_LITERT_BOUND_GRAPH_H_

#include <deque>
#include <memory>
#include <string>

#include "bundle/bundle_parts.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"

namespace sotto {

// One signature, and a buffer for each of its inputs and outputs. Not for several threads at once,
// nor while another graph of the same CompiledFiles runs.
class BoundGraph {
 public:
  // As Graph::Create.
  static Result<std::unique_ptr<BoundGraph>> Create(CompiledFiles* files,
                                                    const Signature& signature);

  // An input or output, of which the signature must have one of that name. Its data may move when
  // the graph runs.
  TensorBuffer& tensor(const std::string& name) { return *by_name_.at(name); }

  Result<void> Run() { return graph_->Run(); }

 private:
  BoundGraph() = default;

  std::deque<TensorBuffer> buffers_;  // a deque: the map points into it
  BufferMap by_name_;
  std::unique_ptr<Graph> graph_;  // after the buffers: destroyed first
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_BOUND_GRAPH_H_
