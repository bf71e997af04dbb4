// Token ids to vectors.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_TEXT_H_
#define SOTTO_SRC_EMBED_EMBEDDING_TEXT_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "bundle/npy.h"
#include "decode/embedding_table.h"
#include "embed/embedding_batches.h"
#include "embed/embedding_bundle.h"
#include "embed/encoder_graphs.h"
#include "litert/bound_graph.h"
#include "sotto/error.h"

namespace sotto {

// The positions that a text's vector is made of, as weights that sum to 1.
//
// ids: of the text, at least one, and with the token that the pooling looks for. pool: [length],
// length at least ids.size(); all of it is written.
void WritePool(const std::vector<int>& ids, const TextEncoderSpec& text, size_t length,
               float* pool);

// For any number of threads at once. Graphs are loaded when they are first used.
class TextTower {
 public:
  // `text` must outlive it. kBundle if a table is not of the shape that the graphs need.
  static Result<std::unique_ptr<TextTower>> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                                   const TextEncoderSpec& text, int threads);

  // out: [ids.size(), dimensions]. kOption, naming the text, if one has no tokens, more than
  // max_length, one that is not in the vocabulary, or none where the pooling looks for it: then
  // nothing has run.
  Result<void> Encode(const std::vector<std::vector<int>>& ids, size_t dimensions,
                      float* out) const;

  // Runs its smallest graph once.
  Result<void> Try() const { return sessions_.Try(text_.buckets.front().signature); }

  // Frees idle sessions, and each when it is done.
  void Close() const { sessions_.Close(); }

 private:
  TextTower(std::shared_ptr<const LiteRtRuntime> runtime, const TextEncoderSpec& text,
            EmbeddingTable tokens, MappedNpy positions, int threads)
      : text_(text),
        tokens_(std::move(tokens)),
        positions_(std::move(positions)),
        sessions_(std::move(runtime), threads, text.buckets.size()) {}

  Result<void> Check(const std::vector<std::vector<int>>& ids) const;
  Result<void> WriteRow(const std::vector<int>& ids, size_t row, size_t length,
                        BoundGraph* graph) const;
  Result<void> Run(const Batch& batch, const std::vector<std::vector<int>>& ids, size_t dimensions,
                   EncoderGraphs* graphs, float* out) const;

  const TextEncoderSpec& text_;
  const EmbeddingTable tokens_;
  const MappedNpy positions_;
  const EncoderSessions sessions_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_TEXT_H_
