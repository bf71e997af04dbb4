// Encoder and decoder of one window over shared buffers: the model as a state machine.

#ifndef SOTTO_SRC_WHISPER_GRAPHS_H_
#define SOTTO_SRC_WHISPER_GRAPHS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "embedding_table.h"
#include "litert_graph.h"
#include "npy.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// What a model did, for profiles and for tests of what it must not do.
struct GraphCounters {
  int64_t encoder_runs = 0;         // each computes the cross K/V once
  int64_t decoder_steps = 0;        // none computes cross K/V
  int64_t cache_bytes_written = 0;  // by the host: one position of each self K/V a step
  double load_ms = 0;               // making the graphs
  double encoder_ms = 0;
  double decoder_ms = 0;
};

// Not for several threads at once.
class WhisperGraphs {
 public:
  // `bundle`, `tokens` [V, d] and `positions` [n_text_ctx, d] must outlive it.
  static Result<std::unique_ptr<WhisperGraphs>> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                                       const Bundle& bundle, const Window& window,
                                                       const EmbeddingTable& tokens,
                                                       const MappedNpy& positions, int threads);

  const Window& window() const { return window_; }
  const GraphCounters& counters() const { return counters_; }
  int position() const { return position_; }

  // [n_mels, window().frames], to be filled before Encode.
  float* log_mel() { return log_mel_->data(); }

  // Every tensor by name: a graph over the same audio and caches binds them, too.
  const BufferMap& buffers() const { return by_name_; }

  // Runs the encoder, whose outputs are the decoder's inputs, and starts a new text.
  Result<void> Encode();

  // Starts a new text over the same audio: position 0, empty caches.
  void Restart();

  // Runs one position: `token` at position(), which then moves on. Returns logits [V], valid
  // until the next call. kModel when the cache is full.
  Result<const float*> Step(int token);

 private:
  // A position's new K/V and the caches it goes to.
  struct Layer {
    TensorBuffer* self_k;  // [1, H, 64, C]
    TensorBuffer* self_v;  // [1, H, C, 64]
    TensorBuffer* new_k;   // [1, H, 64, 1]
    TensorBuffer* new_v;   // [1, H, 1, 64]
  };

  WhisperGraphs(const Bundle& bundle, const Window& window, const EmbeddingTable& tokens,
                const MappedNpy& positions)
      : bundle_(bundle), window_(window), tokens_(tokens), positions_(positions) {}

  Result<void> MakeBuffers(const std::shared_ptr<const LiteRtRuntime>& runtime);
  void WriteCaches();

  const Bundle& bundle_;
  const Window& window_;
  const EmbeddingTable& tokens_;
  const MappedNpy& positions_;
  std::deque<TensorBuffer> buffers_;  // a deque: the map and the members point into it
  BufferMap by_name_;
  TensorBuffer* log_mel_ = nullptr;
  TensorBuffer* hidden_ = nullptr;
  TensorBuffer* mask_ = nullptr;
  TensorBuffer* logits_ = nullptr;
  std::vector<Layer> layers_;
  std::unique_ptr<Graph> encoder_;  // after the buffers: destroyed first
  std::unique_ptr<Graph> decoder_;
  GraphCounters counters_;
  int position_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_GRAPHS_H_
