// A whole text over encoded audio: what word timestamps are read from (whisper/timing.py,
// find_alignment).

#ifndef SOTTO_SRC_ALIGNMENT_GRAPH_H_
#define SOTTO_SRC_ALIGNMENT_GRAPH_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "embedding_table.h"
#include "litert_graph.h"
#include "npy.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// Runs known tokens in blocks over the caches of a window's decoder. Not for several threads at
// once, nor while the decoder runs.
class AlignmentGraph {
 public:
  // Called with each position in order and its logits [V], valid during the call.
  using OnPosition = std::function<void(size_t position, const float* logits)>;

  // `window` must have an alignment. `buffers`, by tensor name, hold the decoder's self_k_i,
  // self_v_i, cross_k_i and cross_v_i; others are ignored. They, `bundle`, `tokens` [V, d] and
  // `positions` [n_text_ctx, d] must outlive it.
  static Result<std::unique_ptr<AlignmentGraph>> Create(
      std::shared_ptr<const LiteRtRuntime> runtime, const Bundle& bundle, const Window& window,
      const EmbeddingTable& tokens, const MappedNpy& positions, int threads,
      const BufferMap& buffers);

  size_t heads() const { return heads_; }                      // A
  size_t audio_positions() const { return audio_positions_; }  // T, 50 a second

  // Runs `text` from position 0 on over what the encoder left in cross_k_i and cross_v_i, and
  // overwrites the self caches: a decoding under way must start anew. `scores` becomes
  // [A, text.size(), T], the alignment heads' scaled scores before the softmax. `on_position` may
  // be empty. `cancelled`, which may be empty, is asked before each block: kCancelled if it
  // agrees. kModel if the text is longer than the cache or a token is outside the vocabulary.
  Result<void> Run(const std::vector<int>& text, const OnPosition& on_position,
                   const std::function<bool()>& cancelled, std::vector<float>* scores);

 private:
  // A block's new K/V and the caches they go to.
  struct Layer {
    TensorBuffer* self_k;  // [1, H, 64, C]
    TensorBuffer* self_v;  // [1, H, C, 64]
    TensorBuffer* new_k;   // [1, H, 64, K]
    TensorBuffer* new_v;   // [1, H, K, 64]
  };

  AlignmentGraph(const Bundle& bundle, const EmbeddingTable& tokens, const MappedNpy& positions)
      : bundle_(bundle), tokens_(tokens), positions_(positions) {}

  Result<void> MakeBuffers(const std::shared_ptr<const LiteRtRuntime>& runtime,
                           const Window& window, BufferMap* buffers);
  Result<void> FillHidden(const std::vector<int>& text, size_t start, size_t count);
  void FillMask(size_t start, size_t count);
  void WriteCaches(size_t start, size_t count);

  const Bundle& bundle_;
  const EmbeddingTable& tokens_;
  const MappedNpy& positions_;
  size_t block_ = 0;                  // K
  size_t heads_ = 0;                  // A
  size_t audio_positions_ = 0;        // T
  std::deque<TensorBuffer> buffers_;  // its own; a deque: the members point into it
  TensorBuffer* hidden_ = nullptr;
  TensorBuffer* mask_ = nullptr;
  TensorBuffer* logits_ = nullptr;
  TensorBuffer* attention_ = nullptr;
  std::vector<Layer> layers_;
  std::unique_ptr<Graph> graph_;  // after the buffers: destroyed first
};

}  // namespace sotto

#endif  // SOTTO_SRC_ALIGNMENT_GRAPH_H_
