// The self-attention K/V of one text: what the decoder reads of the positions before.

#ifndef SOTTO_SRC_SELF_CACHES_H_
#define SOTTO_SRC_SELF_CACHES_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "litert_graph.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// Not for several threads at once.
class SelfCaches {
 public:
  // A position's new K/V of one layer, as the graph gives them.
  struct NewLayer {
    const TensorBuffer* k;  // [1, H, 64, 1]
    const TensorBuffer* v;  // [1, H, 1, 64]
  };

  static Result<std::unique_ptr<SelfCaches>> Create(
      const std::shared_ptr<const LiteRtRuntime>& runtime, const Dims& dims, int cache);

  // Sets self_k_i and self_v_i to these.
  void AddTo(BufferMap* buffers);

  // Writes one position of every layer; returns how many bytes.
  size_t Write(int position, const std::vector<NewLayer>& layers);

  // Copies positions 0 to `count` - 1; returns how many bytes.
  size_t CopyFrom(const SelfCaches& other, int count);

 private:
  struct Layer {
    TensorBuffer k;  // [1, H, 64, C]
    TensorBuffer v;  // [1, H, C, 64]
  };

  SelfCaches(const Dims& dims, int cache);

  size_t cache_;
  size_t heads_;
  size_t width_;              // of a head
  std::deque<Layer> layers_;  // a deque: buffer maps point into it
};

}  // namespace sotto

#endif  // SOTTO_SRC_SELF_CACHES_H_
