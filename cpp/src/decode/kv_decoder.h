// An autoregressive decoder over caches of keys and values: one or more texts, each as far as it
// is, taken further a position or a block at a time.

#ifndef SOTTO_SRC_DECODE_KV_DECODER_H_
#define SOTTO_SRC_DECODE_KV_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bundle/bundle_parts.h"
#include "decode/block_graph.h"
#include "decode/decoder_spec.h"
#include "decode/decoder_tables.h"
#include "decode/self_caches.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"

namespace sotto {

// What a decoder is run by.
struct DecoderGraphs {
  Signature step;                  // one position, with logits
  std::optional<Signature> block;  // several positions, with or without logits
};

// What a decoder did, for profiles and for tests of what it must not do.
struct DecoderCounters {
  DecoderCounters& operator+=(const DecoderCounters& other);

  int64_t steps = 0;
  int64_t blocks = 0;
  int64_t cache_bytes_written = 0;  // by steps: one position of each self K/V
  int64_t cache_bytes_copied = 0;   // by forks: only where a text gets several continuations
  double milliseconds = 0;
};

// Not for several threads at once.
class KvDecoder {
 public:
  // Called with a position of a text and its logits [V], valid during the call.
  using OnLogits = std::function<void(int position, const float* logits)>;

  // `files`, and what `tables` points to, must outlive it. The block's graph is loaded when it is
  // first used. Errors as Graph::Create and BlockGraph::Create.
  static Result<std::unique_ptr<KvDecoder>> Create(CompiledFiles* files, const DecoderSpec& spec,
                                                   const DecoderGraphs& graphs,
                                                   const DecoderTables& tables);

  const DecoderSpec& spec() const { return spec_; }
  const DecoderTables& tables() const { return tables_; }
  const DecoderCounters& counters() const { return counters_; }

  // What the graphs take besides their own tensors, such as the keys and values of an encoder that
  // they attend to; none of a language model. Whoever knows them fills them, or binds a graph that
  // does, before the first position.
  const BufferMap& further_inputs() const { return further_; }

  // Starts a new text, the only one, at position 0.
  void Restart();

  size_t texts() const { return texts_.size(); }
  int position(size_t text = 0) const { return texts_[text].position; }

  // Text i becomes a continuation of what text parents[i] was; there are parents.size() texts
  // then: those of a batch, from one that has just begun. Caches are made when so many texts are
  // first asked for, and handed over: positions are copied only for the second and further
  // continuations of a text. No parents: no change.
  Result<void> Fork(const std::vector<size_t>& parents);

  // Takes a text back to where it had `position` positions, which cost nothing to keep. kModel if
  // it has fewer.
  Result<void> RollBack(int position, size_t text = 0);

  // Runs known `tokens` as the next positions of a text: by blocks where there is a graph for them,
  // and the rest by steps. on_logits, which may be empty, gets each position's logits: blocks are
  // run only if they have them. `cancelled`, which may be empty, is asked before each run:
  // kCancelled if it agrees. kModel if the cache has no room for all of them, or a token is outside
  // the vocabulary; what was run before is part of the text.
  Result<void> Feed(const std::vector<int>& tokens, const std::function<bool()>& cancelled,
                    const OnLogits& on_logits = nullptr, size_t text = 0);

  // The same of rows that stand for tokens, such as a picture's: [count, d].
  Result<void> FeedRows(const float* rows, size_t count, const std::function<bool()>& cancelled,
                        const OnLogits& on_logits = nullptr, size_t text = 0);

  // Runs one position of a text: `token` at position(text), which then moves on. Returns logits
  // [V], valid until the next call. kModel if the cache is full, or the token is outside the
  // vocabulary.
  Result<const float*> Step(int token, size_t text = 0);

  // A text's caches, for a graph over the same tensors that has other outputs, too: a BlockGraph.
  // It may write them from position(text) on; before that, the text must start anew.
  SelfCaches* caches(size_t text = 0) { return caches_[texts_[text].caches].get(); }

 private:
  struct Text {
    size_t caches = 0;  // of caches_
    int position = 0;
  };
  // Writes row `i` of what is fed to `hidden` [d].
  using FillRow = std::function<Result<void>(size_t i, float* hidden)>;

  KvDecoder(CompiledFiles* files, const DecoderSpec& spec, const DecoderGraphs& graphs,
            const DecoderTables& tables)
      : files_(files), spec_(spec), graphs_(graphs), tables_(tables) {}

  Result<void> MakeStep();
  Result<void> MakeBlock();
  Result<void> AddCaches();
  Result<size_t> FreeCaches(const std::vector<bool>& used);
  Result<void> FeedAll(size_t count, const FillRow& fill, const std::function<bool()>& cancelled,
                       const OnLogits& on_logits, size_t text);
  Result<void> CheckRoom(size_t count, size_t text) const;
  // Runs rows `first` to first + count - 1 of what is fed.
  Result<void> Run(BlockGraph* graph, size_t first, size_t count, const FillRow& fill, size_t text);

  CompiledFiles* files_;
  const DecoderSpec spec_;
  const DecoderGraphs graphs_;
  const DecoderTables tables_;
  std::deque<TensorBuffer> buffers_;  // of the further inputs; a deque: the map points into it
  BufferMap further_;
  std::vector<std::unique_ptr<SelfCaches>> caches_;  // one for each text there ever was at once
  std::unique_ptr<BlockGraph> step_;                 // after the buffers: destroyed first
  std::unique_ptr<BlockGraph> block_;                // loaded when first used
  DecoderCounters counters_;
  std::vector<Text> texts_{1};
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_KV_DECODER_H_
