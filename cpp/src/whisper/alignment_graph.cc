#include "whisper/alignment_graph.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "whisper/whisper_shapes.h"

namespace sotto {

Result<std::unique_ptr<AlignmentGraph>> AlignmentGraph::Create(
    CompiledFiles* files, const Bundle& bundle, const Window& window, const EmbeddingTable& tokens,
    const MappedNpy& positions, const BufferMap& buffers) {
  if (!window.alignment) {
    return Error{ErrorCode::kBundle,
                 bundle.directory + " has no alignment graph for its window of " +
                     std::to_string(window.seconds) +
                     " s, which word timestamps need. Make the bundle anew: sotto convert " +
                     bundle.name};
  }
  std::unique_ptr<AlignmentGraph> graph(new AlignmentGraph(bundle));
  graph->heads_ = bundle.alignment_heads.size();
  graph->audio_positions_ = window.frames / 2;
  const BlockShapes shapes = AlignmentShapesOf(bundle.dims, window.frames, bundle.cache,
                                               BlockOf(*window.alignment), graph->heads_);
  SOTTO_ASSIGN_OR_RETURN(graph->block_, BlockGraph::Create(files, bundle, *window.alignment, shapes,
                                                           tokens, positions, buffers));
  return graph;
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
  const size_t size = block_->size();
  for (size_t start = 0; start < text.size(); start += size) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    const size_t count = std::min(size, text.size() - start);
    SOTTO_RETURN_IF_ERROR(block_->Run(text.data() + start, start, count));
    const float* attention = block_->output("attention").data();
    for (size_t head = 0; head < heads_; ++head) {
      std::copy_n(attention + head * size * audio_positions_, count * audio_positions_,
                  scores->data() + (head * text.size() + start) * audio_positions_);
    }
    if (!on_position) continue;
    const float* logits = block_->output("logits").data();
    const size_t n_vocab = static_cast<size_t>(bundle_.dims.n_vocab);
    for (size_t i = 0; i < count; ++i) on_position(start + i, logits + i * n_vocab);
  }
  return {};
}

}  // namespace sotto
