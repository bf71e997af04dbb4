#include "decode/block_graph.h"

#include <algorithm>
#include <utility>

#include "decode/decoder_tensors.h"

namespace sotto {
namespace {

const TensorSpec* Find(const std::vector<TensorSpec>& specs, const std::string& name) {
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const TensorSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

// Whether `actual` has all of `expected` with their shapes.
Result<void> Require(const std::vector<TensorSpec>& expected, const std::vector<TensorSpec>& actual,
                     const std::string& graph) {
  for (const TensorSpec& spec : expected) {
    const TensorSpec* found = Find(actual, spec.name);
    if (found != nullptr && found->shape == spec.shape) continue;
    return Error{ErrorCode::kModel, graph +
                                        (found == nullptr ? " lacks " + spec.name
                                                          : " has " + spec.name + " of shape " +
                                                                ShapeText(found->shape)) +
                                        ", its decoder needs " + ShapeText(spec.shape)};
  }
  return {};
}

bool IsCache(const std::string& name) { return name.rfind("self_", 0) == 0; }

}  // namespace

Result<std::unique_ptr<BlockGraph>> BlockGraph::Create(std::unique_ptr<Graph> graph,
                                                       const DecoderSpec& spec,
                                                       const DecoderTables& tables,
                                                       const BufferMap& further) {
  std::unique_ptr<BlockGraph> block(new BlockGraph(std::move(graph), spec));
  SOTTO_RETURN_IF_ERROR(block->CheckTensors());
  block->size_ = static_cast<size_t>(BlockOf(block->graph_->inputs()));
  SOTTO_RETURN_IF_ERROR(block->MakeBuffers(further));
  SOTTO_RETURN_IF_ERROR(block->AddPositions(tables.positions));
  return block;
}

Result<void> BlockGraph::CheckTensors() const {
  const int block = BlockOf(graph_->inputs());
  if (block < 1 || block > spec_.cache) {
    return Error{ErrorCode::kModel, graph_->label() + " takes " + std::to_string(block) +
                                        " positions, expected 1 to " + std::to_string(spec_.cache)};
  }
  const BlockShapes shapes = BlockShapesOf(spec_, block);
  SOTTO_RETURN_IF_ERROR(Require(shapes.inputs, graph_->inputs(), graph_->label()));
  SOTTO_RETURN_IF_ERROR(Require(shapes.outputs, graph_->outputs(), graph_->label()));
  if (Find(graph_->outputs(), "logits") == nullptr) return {};
  return Require({LogitsOf(spec_, block)}, graph_->outputs(), graph_->label());
}

Result<TensorBuffer*> BlockGraph::MakeBuffer(const TensorSpec& spec) {
  SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, graph_->MakeBuffer(spec));
  buffers_.push_back(std::move(buffer));
  by_name_[spec.name] = &buffers_.back();
  return &buffers_.back();
}

Result<void> BlockGraph::MakeBuffers(const BufferMap& further) {
  by_name_ = further;
  for (const TensorSpec& spec : graph_->outputs()) {
    SOTTO_ASSIGN_OR_RETURN(outputs_[spec.name], MakeBuffer(spec));
  }
  SOTTO_ASSIGN_OR_RETURN(hidden_, MakeBuffer(*Find(graph_->inputs(), "hidden")));
  SOTTO_ASSIGN_OR_RETURN(mask_, MakeBuffer(*Find(graph_->inputs(), "mask")));
  for (int i = 0; i < spec_.layers; ++i) {
    new_layers_.push_back({outputs_.at(LayerName("new_k", i)), outputs_.at(LayerName("new_v", i))});
  }
  return {};
}

Result<void> BlockGraph::AddPositions(const std::vector<PositionTable>& tables) {
  for (const PositionTable& table : tables) {
    const bool added = table.input == "hidden";
    const TensorSpec* spec = Find(graph_->inputs(), table.input);
    if (spec == nullptr) {
      return Error{ErrorCode::kModel, graph_->label() + " has no input " + table.input +
                                          " for a position's row of " + table.rows->label()};
    }
    TensorBuffer* input = hidden_;
    if (!added) {
      SOTTO_ASSIGN_OR_RETURN(input, MakeBuffer(*spec));
    }
    const size_t width = spec->elements() / size_;
    SOTTO_RETURN_IF_ERROR(
        table.rows->Expect(NpyType::kFloat32, {static_cast<size_t>(spec_.context), width}));
    positions_.push_back({table.rows->As<float>(), input, width, added});
  }
  for (const TensorSpec& spec : graph_->inputs()) {
    if (IsCache(spec.name) || by_name_.count(spec.name) > 0) continue;
    return Error{ErrorCode::kModel, graph_->label() + " takes " + spec.name + " " +
                                        ShapeText(spec.shape) + ", which nothing fills"};
  }
  return {};
}

Result<const Graph::Binding*> BlockGraph::BindingOf(SelfCaches* caches) {
  const auto known = bindings_.find(caches);
  if (known != bindings_.end()) return &known->second;
  BufferMap buffers = by_name_;
  caches->AddTo(&buffers);
  SOTTO_ASSIGN_OR_RETURN(Graph::Binding binding, graph_->MakeBinding(buffers));
  return &bindings_.emplace(caches, std::move(binding)).first->second;
}

Result<size_t> BlockGraph::Run(size_t start, size_t count, SelfCaches* caches) {
  SOTTO_ASSIGN_OR_RETURN(const Graph::Binding* binding, BindingOf(caches));
  FillPositions(start, count);
  FillMask(start, count);
  SOTTO_RETURN_IF_ERROR(graph_->Run(*binding));
  return caches->Write(start, count, size_, new_layers_);
}

void BlockGraph::FillPositions(size_t start, size_t count) {
  std::fill_n(hidden(count), (size_ - count) * width_, 0.0f);
  for (const Position& position : positions_) {
    const float* rows = position.rows + start * position.width;
    float* input = position.input->data();
    const size_t filled = count * position.width;
    if (position.added) {
      for (size_t i = 0; i < filled; ++i) input[i] += rows[i];
    } else {
      std::copy_n(rows, filled, input);
      std::fill_n(input + filled, (size_ - count) * position.width, 0.0f);
    }
  }
}

void BlockGraph::FillMask(size_t start, size_t count) {
  const size_t cache = static_cast<size_t>(spec_.cache);
  std::fill_n(mask_->data(), mask_->elements(), spec_.masked);
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

const TensorBuffer* BlockGraph::output(const std::string& name) const {
  const auto found = outputs_.find(name);
  return found == outputs_.end() ? nullptr : found->second;
}

}  // namespace sotto
