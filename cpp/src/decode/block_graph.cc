#include "decode/block_graph.h"

#include <algorithm>
#include <utility>

namespace sotto {

Result<std::unique_ptr<BlockGraph>> BlockGraph::Create(CompiledFiles* files, const Bundle& bundle,
                                                       const Signature& signature,
                                                       const BlockShapes& shapes,
                                                       const EmbeddingTable& tokens,
                                                       const MappedNpy& positions,
                                                       const BufferMap& buffers) {
  std::unique_ptr<BlockGraph> graph(new BlockGraph(bundle, tokens, positions));
  graph->by_name_ = buffers;
  graph->size_ = static_cast<size_t>(BlockOf(signature));
  SOTTO_ASSIGN_OR_RETURN(graph->graph_, Graph::Create(files, signature));
  SOTTO_RETURN_IF_ERROR(graph->MakeBuffers(shapes));
  SOTTO_RETURN_IF_ERROR(graph->graph_->Bind(graph->by_name_));
  return graph;
}

Result<void> BlockGraph::MakeBuffers(const BlockShapes& shapes) {
  std::vector<TensorSpec> specs = shapes.outputs;
  // The caches, which follow in the inputs, are the decoder's.
  specs.insert(specs.end(), shapes.inputs.begin(), shapes.inputs.begin() + 2);
  for (const TensorSpec& spec : specs) {
    SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, graph_->MakeBuffer(spec));
    buffers_.push_back(std::move(buffer));
    by_name_[spec.name] = &buffers_.back();
  }
  hidden_ = by_name_.at("hidden");
  mask_ = by_name_.at("mask");
  for (int i = 0; i < bundle_.dims.n_text_layer; ++i) {
    const auto self_k = by_name_.find(LayerName("self_k", i));
    const auto self_v = by_name_.find(LayerName("self_v", i));
    if (self_k == by_name_.end() || self_v == by_name_.end()) {
      return Error{ErrorCode::kModel, "there are no self caches of layer " + std::to_string(i)};
    }
    caches_.push_back({self_k->second, self_v->second});
    new_layers_.push_back({by_name_.at(LayerName("new_k", i)), by_name_.at(LayerName("new_v", i))});
  }
  return {};
}

Result<void> BlockGraph::Run(const int* tokens, size_t start, size_t count) {
  SOTTO_RETURN_IF_ERROR(FillHidden(tokens, start, count));
  FillMask(start, count);
  SOTTO_RETURN_IF_ERROR(graph_->Run());
  const CacheShape shape = CacheShapeOf(bundle_.dims, bundle_.cache);
  for (size_t layer = 0; layer < caches_.size(); ++layer) {
    WritePositions(shape, start, count, size_, new_layers_[layer], caches_[layer]);
  }
  return {};
}

Result<void> BlockGraph::FillHidden(const int* tokens, size_t start, size_t count) {
  const size_t width = tokens_.width();
  for (size_t i = 0; i < count; ++i) {
    float* hidden = hidden_->data() + i * width;
    SOTTO_RETURN_IF_ERROR(tokens_.Row(tokens[i], hidden));
    const float* position = positions_.As<float>() + (start + i) * width;
    for (size_t j = 0; j < width; ++j) hidden[j] += position[j];
  }
  std::fill_n(hidden_->data() + count * width, (size_ - count) * width, 0.0f);
  return {};
}

void BlockGraph::FillMask(size_t start, size_t count) {
  const size_t cache = static_cast<size_t>(bundle_.cache);
  std::fill_n(mask_->data(), mask_->elements(), bundle_.masked);
  for (size_t i = 0; i < size_; ++i) {
    float* row = mask_->data() + i * (cache + size_);
    if (i < count) {
      std::fill_n(row, start, 0.0f);
      std::fill_n(row + cache, i + 1, 0.0f);
    } else {
      row[cache + i] = 0;  // padding sees itself alone
    }
  }
}

}  // namespace sotto
