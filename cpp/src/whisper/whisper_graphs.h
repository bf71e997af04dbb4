// Encoder and decoder of one window over shared buffers: the model as a state machine over one
// or more texts of the same audio.

#ifndef SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_
#define SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bundle/npy.h"
#include "decode/block_graph.h"
#include "decode/embedding_table.h"
#include "decode/self_caches.h"
#include "litert/litert_graph.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// What a model did, for profiles and for tests of what it must not do.
struct GraphCounters {
  int64_t encoder_runs = 0;         // each computes the cross K/V once
  int64_t decoder_steps = 0;        // none computes cross K/V
  int64_t prefill_runs = 0;         // nor do these, each of a block of positions
  int64_t cache_bytes_written = 0;  // by the host: one position of each self K/V a step
  int64_t cache_bytes_copied = 0;   // by forks: only where a text gets several continuations
  double load_ms = 0;               // making the graphs
  double encoder_ms = 0;
  double decoder_ms = 0;
};

// Not for several threads at once.
class WhisperGraphs {
 public:
  // `files`, `bundle`, `tokens` [V, d] and `positions` [n_text_ctx, d] must outlive it.
  static Result<std::unique_ptr<WhisperGraphs>> Create(CompiledFiles* files, const Bundle& bundle,
                                                       const Window& window,
                                                       const EmbeddingTable& tokens,
                                                       const MappedNpy& positions);

  const Window& window() const { return window_; }
  const GraphCounters& counters() const { return counters_; }
  // [n_mels, window().frames], to be filled before Encode.
  float* log_mel() { return log_mel_->data(); }

  // Every tensor by name, the first text's caches among them: a graph over the same audio binds
  // them, too, and may write them until the next Restart.
  const BufferMap& buffers() const { return by_name_; }

  // Runs the encoder, whose outputs are the decoder's inputs, and starts a new text.
  Result<void> Encode();

  // Starts a new text over the same audio, the only one: position 0, empty caches.
  void Restart();

  size_t texts() const { return texts_.size(); }
  int position(size_t text = 0) const { return texts_[text].position; }

  // Text i becomes a continuation of what text parents[i] was; there are parents.size() texts
  // then. Caches are made when so many texts are first asked for, and handed over: positions are
  // copied only for the second and further continuations of a text. No parents: no change.
  Result<void> Fork(const std::vector<size_t>& parents);

  // Runs `tokens` as the next positions of the only text, without their logits: a block at a time
  // where the window has a graph for it. `cancelled`, which may be empty, is asked between:
  // kCancelled if it agrees. kModel when the cache is full.
  Result<void> Prefill(const std::vector<int>& tokens, const std::function<bool()>& cancelled);

  // Runs one position of a text: `token` at position(text), which then moves on. Returns logits
  // [V], valid until the next call. kModel when the cache is full.
  Result<const float*> Step(int token, size_t text = 0);

 private:
  struct Text {
    size_t caches = 0;  // of caches_
    int position = 0;
  };

  WhisperGraphs(CompiledFiles* files, const Bundle& bundle, const Window& window,
                const EmbeddingTable& tokens, const MappedNpy& positions)
      : files_(files), bundle_(bundle), window_(window), tokens_(tokens), positions_(positions) {}

  Result<void> MakeBuffers();
  Result<void> AddCaches();
  Result<size_t> FreeCaches(const std::vector<bool>& used);
  Result<void> CheckRoom(size_t count, size_t text) const;
  void ShowPositions(int count);

  CompiledFiles* files_;
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
  std::vector<NewLayer> new_layers_;
  std::vector<std::unique_ptr<SelfCaches>> caches_;  // one for each text there ever was at once
  std::unique_ptr<Graph> encoder_;                   // after the buffers: destroyed first
  std::unique_ptr<Graph> decoder_;
  std::vector<Graph::Binding> bindings_;  // of the decoder, by caches
  std::unique_ptr<BlockGraph> prefill_;   // over the first caches; loaded when first used
  GraphCounters counters_;
  std::vector<Text> texts_;
  int shown_ = 0;  // positions that the mask lets through
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_
