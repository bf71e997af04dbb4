// A whole text over encoded audio: what word timestamps are read from (whisper/timing.py,
// find_alignment).

#ifndef SOTTO_SRC_WHISPER_ALIGNMENT_GRAPH_H_
#define SOTTO_SRC_WHISPER_ALIGNMENT_GRAPH_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "decode/block_graph.h"
#include "decode/kv_decoder.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// Runs known tokens in blocks over the caches of a window's decoder. Not for several threads at
// once, nor while the decoder runs.
class AlignmentGraph {
 public:
  // Called with each position in order and its logits [V], valid during the call.
  using OnPosition = std::function<void(size_t position, const float* logits)>;

  // `window` must have an alignment. `decoder` is the same window's; it and `files` must outlive
  // it. kBundle if the window has none.
  static Result<std::unique_ptr<AlignmentGraph>> Create(CompiledFiles* files,
                                                        const WhisperBundle& bundle,
                                                        const Window& window, KvDecoder* decoder);

  size_t heads() const { return heads_; }                      // A
  size_t audio_positions() const { return audio_positions_; }  // T, 50 a second

  // Runs `text` from position 0 on over what the encoder left for the decoder, which starts a new
  // text. `scores` becomes [A, text.size(), T], the alignment heads' scaled scores before the
  // softmax. `on_position` may be empty. `cancelled`, which may be empty, is asked before each
  // block: kCancelled if it agrees. kModel if the text is longer than the cache or a token is
  // outside the vocabulary.
  Result<void> Run(const std::vector<int>& text, const OnPosition& on_position,
                   const std::function<bool()>& cancelled, std::vector<float>* scores);

 private:
  explicit AlignmentGraph(KvDecoder* decoder) : decoder_(decoder) {}

  Result<void> RunBlock(const int* tokens, size_t start, size_t count);

  KvDecoder* decoder_;
  size_t heads_ = 0;            // A
  size_t audio_positions_ = 0;  // T
  std::unique_ptr<BlockGraph> block_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_ALIGNMENT_GRAPH_H_
