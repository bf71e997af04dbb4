// The self-attention K/V of one text: what the decoder reads of the positions before.

#ifndef SOTTO_SRC_DECODE_SELF_CACHES_H_
#define SOTTO_SRC_DECODE_SELF_CACHES_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "litert/litert_graph.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

struct CacheShape {
  size_t positions;  // C
  size_t heads;      // H
  size_t width;      // of a head
};

CacheShape CacheShapeOf(const Dims& dims, int cache);

// One layer's K/V of K new positions, as a graph gives them.
struct NewLayer {
  const TensorBuffer* k;  // [1, H, K, 64]
  const TensorBuffer* v;  // [1, H, 64, K]
};

// One layer's caches.
struct CachedLayer {
  TensorBuffer* k;  // [1, H, C, 64]
  TensorBuffer* v;  // [1, H, 64, C]
};

// Writes the first `count` of `block` new positions to positions `start` to start + count - 1.
void WritePositions(const CacheShape& shape, size_t start, size_t count, size_t block,
                    const NewLayer& from, const CachedLayer& to);

// Not for several threads at once.
class SelfCaches {
 public:
  // As `decoder`, which runs over them, wants their memory.
  static Result<std::unique_ptr<SelfCaches>> Create(const Graph& decoder, const Dims& dims,
                                                    int cache);

  // Sets self_k_i and self_v_i to these.
  void AddTo(BufferMap* buffers);

  // Writes one position of every layer; returns how many bytes.
  size_t Write(int position, const std::vector<NewLayer>& layers);

  // Copies positions 0 to `count` - 1; returns how many bytes.
  size_t CopyFrom(const SelfCaches& other, int count);

 private:
  explicit SelfCaches(const CacheShape& shape) : shape_(shape) {}

  CacheShape shape_;
  std::deque<TensorBuffer> buffers_;  // a deque: buffer maps and the layers point into it
  std::vector<CachedLayer> layers_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_SELF_CACHES_H_
