#include "whisper/alignment_graph.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/cancellation.h"

namespace sotto {

Result<std::unique_ptr<AlignmentGraph>> AlignmentGraph::Create(CompiledFiles* files,
                                                               const WhisperBundle& bundle,
                                                               const Window& window,
                                                               KvDecoder* decoder) {
  if (!window.alignment) {
    return Error{ErrorCode::kBundle,
                 bundle.directory + " has no alignment graph for its window of " +
                     std::to_string(window.seconds) +
                     " s, which word timestamps need. Make the bundle anew: sotto convert " +
                     bundle.name};
  }
  std::unique_ptr<AlignmentGraph> alignment(new AlignmentGraph(decoder));
  alignment->heads_ = bundle.alignment_heads.size();
  alignment->audio_positions_ = window.frames / 2;
  SOTTO_ASSIGN_OR_RETURN(auto graph, Graph::Create(files, *window.alignment));
  SOTTO_ASSIGN_OR_RETURN(alignment->block_,
                         BlockGraph::Create(std::move(graph), bundle.decoder, decoder->tables(),
                                            decoder->further_inputs()));
  return alignment;
}

Result<void> AlignmentGraph::RunBlock(const int* tokens, size_t start, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    SOTTO_RETURN_IF_ERROR(decoder_->tables().tokens->Row(tokens[i], block_->hidden(i)));
  }
  const auto written = block_->Run(start, count, decoder_->caches());
  if (!written.ok()) return written.error();
  return {};
}

Result<void> AlignmentGraph::Run(const std::vector<int>& text, const OnPosition& on_position,
                                 const std::function<bool()>& cancelled,
                                 std::vector<float>* scores) {
  const DecoderSpec& spec = decoder_->spec();
  if (text.size() > static_cast<size_t>(spec.cache)) {
    return Error{ErrorCode::kModel, "the text of " + std::to_string(text.size()) +
                                        " tokens is longer than the decoder's cache of " +
                                        std::to_string(spec.cache) + " positions"};
  }
  decoder_->Restart();
  scores->assign(heads_ * text.size() * audio_positions_, 0.0f);
  const size_t size = block_->size();
  for (size_t start = 0; start < text.size(); start += size) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    const size_t count = std::min(size, text.size() - start);
    SOTTO_RETURN_IF_ERROR(RunBlock(text.data() + start, start, count));
    const float* attention = block_->output("attention")->data();
    for (size_t head = 0; head < heads_; ++head) {
      std::copy_n(attention + head * size * audio_positions_, count * audio_positions_,
                  scores->data() + (head * text.size() + start) * audio_positions_);
    }
    if (!on_position) continue;
    const float* logits = block_->output("logits")->data();
    const auto n_vocab = static_cast<size_t>(spec.vocabulary);
    for (size_t i = 0; i < count; ++i) on_position(start + i, logits + i * n_vocab);
  }
  return {};
}

}  // namespace sotto
