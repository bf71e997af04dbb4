#include "whisper_graphs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "stopwatch.h"
#include "whisper_shapes.h"

namespace sotto {

Result<std::unique_ptr<WhisperGraphs>> WhisperGraphs::Create(
    std::shared_ptr<const LiteRtRuntime> runtime, const Bundle& bundle, const Window& window,
    const EmbeddingTable& tokens, const MappedNpy& positions, int threads) {
  const Stopwatch watch;
  std::unique_ptr<WhisperGraphs> graphs(new WhisperGraphs(bundle, window, tokens, positions));
  SOTTO_ASSIGN_OR_RETURN(graphs->encoder_, Graph::Create(runtime, window.encoder, threads));
  SOTTO_ASSIGN_OR_RETURN(graphs->decoder_, Graph::Create(runtime, window.decoder, threads));
  SOTTO_RETURN_IF_ERROR(graphs->MakeBuffers(runtime));
  SOTTO_RETURN_IF_ERROR(graphs->encoder_->Bind(graphs->by_name_));
  SOTTO_RETURN_IF_ERROR(graphs->decoder_->Bind(graphs->by_name_));
  graphs->Restart();
  graphs->counters_.load_ms = watch.Milliseconds();
  return graphs;
}

Result<void> WhisperGraphs::MakeBuffers(const std::shared_ptr<const LiteRtRuntime>& runtime) {
  const WindowShapes shapes = ShapesOf(bundle_.dims, window_.frames, bundle_.cache);
  for (const auto* specs : {&shapes.encoder_inputs, &shapes.decoder_inputs,  // with cross K/V
                            &shapes.decoder_outputs}) {
    for (const TensorSpec& spec : *specs) {
      SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, TensorBuffer::Create(runtime, spec));
      buffers_.push_back(std::move(buffer));
      by_name_[spec.name] = &buffers_.back();
    }
  }
  log_mel_ = by_name_.at("log_mel");
  hidden_ = by_name_.at("hidden");
  mask_ = by_name_.at("mask");
  logits_ = by_name_.at("logits");
  for (int i = 0; i < bundle_.dims.n_text_layer; ++i) {
    layers_.push_back({by_name_.at(LayerName("self_k", i)), by_name_.at(LayerName("self_v", i)),
                       by_name_.at(LayerName("new_k", i)), by_name_.at(LayerName("new_v", i))});
  }
  return {};
}

Result<void> WhisperGraphs::Encode() {
  const Stopwatch watch;
  SOTTO_RETURN_IF_ERROR(encoder_->Run());
  Restart();
  ++counters_.encoder_runs;
  counters_.encoder_ms += watch.Milliseconds();
  return {};
}

void WhisperGraphs::Restart() {
  // What the caches hold is masked, so it may stay.
  std::fill_n(mask_->data(), bundle_.cache, bundle_.masked);
  mask_->data()[bundle_.cache] = 0;  // the step's own position
  position_ = 0;
}

Result<const float*> WhisperGraphs::Step(int token) {
  if (position_ >= bundle_.cache) {
    return Error{ErrorCode::kModel, "the text is longer than the decoder's cache of " +
                                        std::to_string(bundle_.cache) + " positions"};
  }
  const Stopwatch watch;
  float* hidden = hidden_->data();
  SOTTO_RETURN_IF_ERROR(tokens_.Row(token, hidden));
  const size_t width = hidden_->elements();
  const float* row = positions_.As<float>() + static_cast<size_t>(position_) * width;
  for (size_t i = 0; i < width; ++i) hidden[i] += row[i];
  SOTTO_RETURN_IF_ERROR(decoder_->Run());
  WriteCaches();
  mask_->data()[position_] = 0;
  ++position_;
  ++counters_.decoder_steps;
  counters_.decoder_ms += watch.Milliseconds();
  return static_cast<const float*>(logits_->data());
}

void WhisperGraphs::WriteCaches() {
  const size_t cache = static_cast<size_t>(bundle_.cache);
  const size_t at = static_cast<size_t>(position_);
  const size_t heads = static_cast<size_t>(bundle_.dims.n_text_head);
  const size_t width = static_cast<size_t>(bundle_.dims.n_text_state) / heads;
  for (const Layer& layer : layers_) {
    // Keys are transposed: one column of [H * 64, C].
    for (size_t i = 0; i < heads * width; ++i) {
      layer.self_k->data()[i * cache + at] = layer.new_k->data()[i];
    }
    for (size_t head = 0; head < heads; ++head) {
      std::memcpy(layer.self_v->data() + (head * cache + at) * width,
                  layer.new_v->data() + head * width, width * sizeof(float));
    }
    counters_.cache_bytes_written += static_cast<int64_t>(2 * heads * width * sizeof(float));
  }
}

}  // namespace sotto
