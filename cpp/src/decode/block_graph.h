// Known tokens through the decoder a block at a time: what a prompt and an alignment are run by.

#ifndef SOTTO_SRC_DECODE_BLOCK_GRAPH_H_
#define SOTTO_SRC_DECODE_BLOCK_GRAPH_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "bundle/npy.h"
#include "decode/decoder_tensors.h"
#include "decode/embedding_table.h"
#include "decode/self_caches.h"
#include "litert/litert_graph.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// Not for several threads at once, nor while another graph runs over the same caches.
class BlockGraph {
 public:
  // `signature` must have `shapes`. `buffers`, by tensor name, hold the decoder's self_k_i,
  // self_v_i, cross_k_i and cross_v_i; others are ignored. They, `bundle`, `tokens` [V, d] and
  // `positions` [n_text_ctx, d] must outlive it.
  static Result<std::unique_ptr<BlockGraph>> Create(CompiledFiles* files, const Bundle& bundle,
                                                    const Signature& signature,
                                                    const BlockShapes& shapes,
                                                    const EmbeddingTable& tokens,
                                                    const MappedNpy& positions,
                                                    const BufferMap& buffers);

  // K, positions of a block.
  size_t size() const { return size_; }

  // Runs `count` tokens, at most size(), as positions `start` to start + count - 1, and writes
  // their K/V to the self caches, which must hold the positions before. kModel if a token is
  // outside the vocabulary. start + count is at most the cache.
  Result<void> Run(const int* tokens, size_t start, size_t count);

  // An output of the last Run, "logits" for example. Rows from `count` on are of no meaning.
  const TensorBuffer& output(const std::string& name) const { return *by_name_.at(name); }

 private:
  BlockGraph(const Bundle& bundle, const EmbeddingTable& tokens, const MappedNpy& positions)
      : bundle_(bundle), tokens_(tokens), positions_(positions) {}

  Result<void> MakeBuffers(const BlockShapes& shapes);
  Result<void> FillHidden(const int* tokens, size_t start, size_t count);
  void FillMask(size_t start, size_t count);

  const Bundle& bundle_;
  const EmbeddingTable& tokens_;
  const MappedNpy& positions_;
  size_t size_ = 0;
  std::deque<TensorBuffer> buffers_;  // its own; a deque: the map and the members point into it
  BufferMap by_name_;
  TensorBuffer* hidden_ = nullptr;
  TensorBuffer* mask_ = nullptr;
  std::vector<CachedLayer> caches_;
  std::vector<NewLayer> new_layers_;
  std::unique_ptr<Graph> graph_;  // after the buffers: destroyed first
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_BLOCK_GRAPH_H_
