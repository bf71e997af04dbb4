// The self-attention K/V of one text: what the decoder reads of the positions before.

#ifndef SOTTO_SRC_DECODE_SELF_CACHES_H_
#define SOTTO_SRC_DECODE_SELF_CACHES_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "decode/decoder_spec.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"

namespace sotto {

// One layer's K/V of K new positions, as a graph gives them.
struct NewLayer {
  const TensorBuffer* k;  // [1, H, K, w]
  const TensorBuffer* v;  // [1, H, w, K]
};

// Not for several threads at once.
class SelfCaches {
 public:
  // As `decoder`, which runs over them, wants their memory.
  static Result<std::unique_ptr<SelfCaches>> Create(const Graph& decoder, const DecoderSpec& spec);

  // Sets self_k_i and self_v_i to these.
  void AddTo(BufferMap* buffers);

  // Writes the first `count` of `block` new positions of every layer to positions `start` to
  // start + count - 1; returns how many bytes.
  size_t Write(size_t start, size_t count, size_t block, const std::vector<NewLayer>& layers);

  // Copies positions 0 to `count` - 1; returns how many bytes.
  size_t CopyFrom(const SelfCaches& other, size_t count);

 private:
  // One layer's caches.
  struct Layer {
    TensorBuffer* k;  // [1, H, C, w]
    TensorBuffer* v;  // [1, H, w, C]
  };

  explicit SelfCaches(const DecoderSpec& spec)
      : positions_(static_cast<size_t>(spec.cache)),
        heads_(static_cast<size_t>(spec.kv_heads)),
        width_(static_cast<size_t>(spec.head_width())) {}

  // Of so many positions of every layer.
  size_t Bytes(size_t count) const {
    return layers_.size() * 2 * heads_ * width_ * count * sizeof(float);
  }

  const size_t positions_;            // C
  const size_t heads_;                // H, of keys and values
  const size_t width_;                // w, of a head
  std::deque<TensorBuffer> buffers_;  // a deque: buffer maps and the layers point into it
  std::vector<Layer> layers_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_SELF_CACHES_H_
