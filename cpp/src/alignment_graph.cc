#include "alignment_graph.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "whisper_shapes.h"

namespace sotto {

Result<std::unique_ptr<AlignmentGraph>> AlignmentGraph::Create(
    std::shared_ptr<const LiteRtRuntime> runtime, const Bundle& bundle, const Window& window,
    const EmbeddingTable& tokens, const MappedNpy& positions, int threads,
    const BufferMap& buffers) {
  if (!window.alignment) {
    return Error{ErrorCode::kBundle,
                 bundle.directory + " has no alignment graph for its window of " +
                     std::to_string(window.seconds) +
                     " s, which word timestamps need. Make the bundle anew: python "
                     "convert/step1_pt_to_torchscript.py --model " +
                     bundle.name + ", then python convert/step2_torchscript_to_tflite.py."};
  }
  std::unique_ptr<AlignmentGraph> graph(new AlignmentGraph(bundle, tokens, positions));
  SOTTO_ASSIGN_OR_RETURN(graph->graph_, Graph::Create(runtime, *window.alignment, threads));
  BufferMap own = buffers;
  SOTTO_RETURN_IF_ERROR(graph->MakeBuffers(runtime, window, &own));
  SOTTO_RETURN_IF_ERROR(graph->graph_->Bind(own));
  return graph;
}

Result<void> AlignmentGraph::MakeBuffers(const std::shared_ptr<const LiteRtRuntime>& runtime,
                                         const Window& window, BufferMap* buffers) {
  const int block = AlignmentBlock(*window.alignment);
  block_ = static_cast<size_t>(block);
  heads_ = bundle_.alignment_heads.size();
  audio_positions_ = window.frames / 2;
  const AlignmentShapes shapes =
      AlignmentShapesOf(bundle_.dims, window.frames, bundle_.cache, block, heads_);
  std::vector<TensorSpec> specs = shapes.outputs;
  // The caches, which follow in the inputs, are the decoder's.
  specs.insert(specs.end(), shapes.inputs.begin(), shapes.inputs.begin() + 2);
  for (const TensorSpec& spec : specs) {
    SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, TensorBuffer::Create(runtime, spec));
    buffers_.push_back(std::move(buffer));
    (*buffers)[spec.name] = &buffers_.back();
  }
  hidden_ = buffers->at("hidden");
  mask_ = buffers->at("mask");
  logits_ = buffers->at("logits");
  attention_ = buffers->at("attention");
  for (int i = 0; i < bundle_.dims.n_text_layer; ++i) {
    const auto self_k = buffers->find(LayerName("self_k", i));
    const auto self_v = buffers->find(LayerName("self_v", i));
    if (self_k == buffers->end() || self_v == buffers->end()) {
      return Error{ErrorCode::kModel,
                   "the alignment graph has no self caches of layer " + std::to_string(i)};
    }
    layers_.push_back({self_k->second, self_v->second, buffers->at(LayerName("new_k", i)),
                       buffers->at(LayerName("new_v", i))});
  }
  return {};
}

Result<void> AlignmentGraph::Run(const std::vector<int>& text, const OnPosition& on_position,
                                 const std::function<bool()>& cancelled,
                                 std::vector<float>* scores) {
  if (text.size() > static_cast<size_t>(bundle_.cache)) {
    return Error{ErrorCode::kModel, "the text of " + std::to_string(text.size()) +
                                        " tokens is longer than the decoder's cache of " +
                                        std::to_string(bundle_.cache) + " positions"};
  }
  scores->assign(heads_ * text.size() * audio_positions_, 0.0f);
  for (size_t start = 0; start < text.size(); start += block_) {
    if (cancelled && cancelled())
      return Error{ErrorCode::kCancelled, "the alignment was cancelled"};
    const size_t count = std::min(block_, text.size() - start);
    SOTTO_RETURN_IF_ERROR(FillHidden(text, start, count));
    FillMask(start, count);
    SOTTO_RETURN_IF_ERROR(graph_->Run());
    WriteCaches(start, count);
    for (size_t head = 0; head < heads_; ++head) {
      std::copy_n(attention_->data() + head * block_ * audio_positions_, count * audio_positions_,
                  scores->data() + (head * text.size() + start) * audio_positions_);
    }
    if (!on_position) continue;
    const size_t n_vocab = static_cast<size_t>(bundle_.dims.n_vocab);
    for (size_t i = 0; i < count; ++i) on_position(start + i, logits_->data() + i * n_vocab);
  }
  return {};
}

Result<void> AlignmentGraph::FillHidden(const std::vector<int>& text, size_t start, size_t count) {
  const size_t width = tokens_.width();
  for (size_t i = 0; i < count; ++i) {
    float* hidden = hidden_->data() + i * width;
    SOTTO_RETURN_IF_ERROR(tokens_.Row(text[start + i], hidden));
    const float* position = positions_.As<float>() + (start + i) * width;
    for (size_t j = 0; j < width; ++j) hidden[j] += position[j];
  }
  std::fill_n(hidden_->data() + count * width, (block_ - count) * width, 0.0f);
  return {};
}

void AlignmentGraph::FillMask(size_t start, size_t count) {
  const size_t cache = static_cast<size_t>(bundle_.cache);
  std::fill_n(mask_->data(), mask_->elements(), bundle_.masked);
  for (size_t i = 0; i < block_; ++i) {
    float* row = mask_->data() + i * (cache + block_);
    if (i < count) {
      std::fill_n(row, start, 0.0f);
      std::fill_n(row + cache, i + 1, 0.0f);
    } else {
      row[cache + i] = 0;  // padding sees itself alone
    }
  }
}

void AlignmentGraph::WriteCaches(size_t start, size_t count) {
  const size_t cache = static_cast<size_t>(bundle_.cache);
  const size_t heads = static_cast<size_t>(bundle_.dims.n_text_head);
  const size_t width = static_cast<size_t>(bundle_.dims.n_text_state) / heads;
  for (const Layer& layer : layers_) {
    // Keys are transposed: columns of [H * 64, C].
    for (size_t i = 0; i < heads * width; ++i) {
      std::memcpy(layer.self_k->data() + i * cache + start, layer.new_k->data() + i * block_,
                  count * sizeof(float));
    }
    for (size_t head = 0; head < heads; ++head) {
      std::memcpy(layer.self_v->data() + (head * cache + start) * width,
                  layer.new_v->data() + head * block_ * width, count * width * sizeof(float));
    }
  }
}

}  // namespace sotto
