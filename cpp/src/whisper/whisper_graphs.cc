#include "whisper/whisper_graphs.h"

#include <algorithm>
#include <string>

#include "base/cancellation.h"
#include "base/stopwatch.h"
#include "whisper/whisper_shapes.h"

namespace sotto {
namespace {

// Fewer tokens are run one by one: a block costs as much as some four steps, and has buffers to
// fill.
constexpr size_t kLeastPrefill = 8;

}  // namespace

Result<std::unique_ptr<WhisperGraphs>> WhisperGraphs::Create(CompiledFiles* files,
                                                             const Bundle& bundle,
                                                             const Window& window,
                                                             const EmbeddingTable& tokens,
                                                             const MappedNpy& positions) {
  const Stopwatch watch;
  std::unique_ptr<WhisperGraphs> graphs(
      new WhisperGraphs(files, bundle, window, tokens, positions));
  SOTTO_ASSIGN_OR_RETURN(graphs->encoder_, Graph::Create(files, window.encoder));
  SOTTO_ASSIGN_OR_RETURN(graphs->decoder_, Graph::Create(files, window.decoder));
  SOTTO_RETURN_IF_ERROR(graphs->MakeBuffers());
  SOTTO_RETURN_IF_ERROR(graphs->AddCaches());
  graphs->caches_[0]->AddTo(&graphs->by_name_);
  SOTTO_RETURN_IF_ERROR(graphs->encoder_->Bind(graphs->by_name_));
  std::fill_n(graphs->mask_->data(), bundle.cache, bundle.masked);
  graphs->mask_->data()[bundle.cache] = 0;  // the step's own position
  graphs->Restart();
  graphs->counters_.load_ms = watch.Milliseconds();
  return graphs;
}

Result<void> WhisperGraphs::MakeBuffers() {
  const WindowShapes shapes = ShapesOf(bundle_.dims, window_.frames, bundle_.cache);
  for (const auto* specs : {&shapes.encoder_inputs, &shapes.decoder_inputs,  // with cross K/V
                            &shapes.decoder_outputs}) {
    const Graph& graph = specs == &shapes.encoder_inputs ? *encoder_ : *decoder_;
    for (const TensorSpec& spec : *specs) {
      if (spec.name.rfind("self_", 0) == 0) continue;  // each text has its own
      SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, graph.MakeBuffer(spec));
      if (spec.name.rfind("cross_", 0) == 0) SOTTO_RETURN_IF_ERROR(buffer.KeepOnDevice());
      buffers_.push_back(std::move(buffer));
      by_name_[spec.name] = &buffers_.back();
    }
  }
  log_mel_ = by_name_.at("log_mel");
  hidden_ = by_name_.at("hidden");
  mask_ = by_name_.at("mask");
  logits_ = by_name_.at("logits");
  for (int i = 0; i < bundle_.dims.n_text_layer; ++i) {
    new_layers_.push_back({by_name_.at(LayerName("new_k", i)), by_name_.at(LayerName("new_v", i))});
  }
  return {};
}

Result<void> WhisperGraphs::AddCaches() {
  SOTTO_ASSIGN_OR_RETURN(auto caches, SelfCaches::Create(*decoder_, bundle_.dims, bundle_.cache));
  BufferMap buffers = by_name_;
  caches->AddTo(&buffers);
  SOTTO_ASSIGN_OR_RETURN(Graph::Binding binding, decoder_->MakeBinding(buffers));
  caches_.push_back(std::move(caches));
  bindings_.push_back(std::move(binding));
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

// What the caches hold is masked, so it may stay.
void WhisperGraphs::Restart() { texts_.assign(1, {}); }

// Caches that no text uses.
Result<size_t> WhisperGraphs::FreeCaches(const std::vector<bool>& used) {
  const auto free = std::find(used.begin(), used.end(), false);
  if (free != used.end()) return static_cast<size_t>(free - used.begin());
  SOTTO_RETURN_IF_ERROR(AddCaches());
  return caches_.size() - 1;
}

Result<void> WhisperGraphs::Fork(const std::vector<size_t>& parents) {
  if (parents.empty()) return {};
  std::vector<bool> used(caches_.size(), false);
  for (size_t parent : parents) used[texts_[parent].caches] = true;
  std::vector<bool> handed_over(texts_.size(), false);
  std::vector<Text> texts;
  for (size_t parent : parents) {
    Text text = texts_[parent];
    if (handed_over[parent]) {
      SOTTO_ASSIGN_OR_RETURN(text.caches, FreeCaches(used));
      used.resize(caches_.size());
      used[text.caches] = true;
      counters_.cache_bytes_copied += static_cast<int64_t>(
          caches_[text.caches]->CopyFrom(*caches_[texts_[parent].caches], text.position));
    }
    handed_over[parent] = true;
    texts.push_back(text);
  }
  texts_ = std::move(texts);
  return {};
}

void WhisperGraphs::ShowPositions(int count) {
  if (count > shown_) std::fill(mask_->data() + shown_, mask_->data() + count, 0.0f);
  if (count < shown_) std::fill(mask_->data() + count, mask_->data() + shown_, bundle_.masked);
  shown_ = count;
}

Result<void> WhisperGraphs::CheckRoom(size_t count, size_t text) const {
  if (static_cast<size_t>(texts_[text].position) + count <= static_cast<size_t>(bundle_.cache)) {
    return {};
  }
  return Error{ErrorCode::kModel, "the text is longer than the decoder's cache of " +
                                      std::to_string(bundle_.cache) + " positions"};
}

Result<void> WhisperGraphs::Prefill(const std::vector<int>& tokens,
                                    const std::function<bool()>& cancelled) {
  SOTTO_RETURN_IF_ERROR(CheckRoom(tokens.size(), 0));
  size_t done = 0;
  // The graph is bound to the first caches, which a text has before any fork.
  while (window_.prefill && texts_[0].caches == 0 && tokens.size() - done >= kLeastPrefill) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    const Stopwatch watch;
    if (prefill_ == nullptr) {
      const BlockShapes shapes =
          PrefillShapesOf(bundle_.dims, window_.frames, bundle_.cache, BlockOf(*window_.prefill));
      SOTTO_ASSIGN_OR_RETURN(prefill_, BlockGraph::Create(files_, bundle_, *window_.prefill, shapes,
                                                          tokens_, positions_, by_name_));
    }
    const size_t count = std::min(prefill_->size(), tokens.size() - done);
    int& position = texts_[0].position;
    SOTTO_RETURN_IF_ERROR(
        prefill_->Run(tokens.data() + done, static_cast<size_t>(position), count));
    position += static_cast<int>(count);
    done += count;
    ++counters_.prefill_runs;
    counters_.decoder_ms += watch.Milliseconds();
  }
  for (; done < tokens.size(); ++done) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    SOTTO_ASSIGN_OR_RETURN(const float* logits, Step(tokens[done]));
    static_cast<void>(logits);
  }
  return {};
}

Result<const float*> WhisperGraphs::Step(int token, size_t text) {
  SOTTO_RETURN_IF_ERROR(CheckRoom(1, text));
  int& position = texts_[text].position;
  const Stopwatch watch;
  float* hidden = hidden_->data();
  SOTTO_RETURN_IF_ERROR(tokens_.Row(token, hidden));
  const size_t width = hidden_->elements();
  const float* row = positions_.As<float>() + static_cast<size_t>(position) * width;
  for (size_t i = 0; i < width; ++i) hidden[i] += row[i];
  ShowPositions(position);
  const size_t caches = texts_[text].caches;
  SOTTO_RETURN_IF_ERROR(decoder_->Run(bindings_[caches]));
  counters_.cache_bytes_written +=
      static_cast<int64_t>(caches_[caches]->Write(position, new_layers_));
  ++position;
  ++counters_.decoder_steps;
  counters_.decoder_ms += watch.Milliseconds();
  return static_cast<const float*>(logits_->data());
}

}  // namespace sotto
