#include "litert/bound_graph.h"

#include <utility>

namespace sotto {

Result<std::unique_ptr<BoundGraph>> BoundGraph::Create(CompiledFiles* files,
                                                       const Signature& signature) {
  std::unique_ptr<BoundGraph> bound(new BoundGraph());
  SOTTO_ASSIGN_OR_RETURN(bound->graph_, Graph::Create(files, signature));
  for (const auto* specs : {&bound->graph_->inputs(), &bound->graph_->outputs()}) {
    for (const TensorSpec& spec : *specs) {
      SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, bound->graph_->MakeBuffer(spec));
      bound->buffers_.push_back(std::move(buffer));
      bound->by_name_[spec.name] = &bound->buffers_.back();
    }
  }
  SOTTO_RETURN_IF_ERROR(bound->graph_->Bind(bound->by_name_));
  return bound;
}

}  // namespace sotto
