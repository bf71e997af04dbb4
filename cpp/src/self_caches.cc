#include "self_caches.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "whisper_shapes.h"

namespace sotto {

SelfCaches::SelfCaches(const Dims& dims, int cache)
    : cache_(static_cast<size_t>(cache)),
      heads_(static_cast<size_t>(dims.n_text_head)),
      width_(static_cast<size_t>(dims.n_text_state / dims.n_text_head)) {}

Result<std::unique_ptr<SelfCaches>> SelfCaches::Create(
    const std::shared_ptr<const LiteRtRuntime>& runtime, const Dims& dims, int cache) {
  std::unique_ptr<SelfCaches> caches(new SelfCaches(dims, cache));
  const int heads = dims.n_text_head;
  const int width = dims.n_text_state / heads;
  for (int i = 0; i < dims.n_text_layer; ++i) {
    SOTTO_ASSIGN_OR_RETURN(
        TensorBuffer k,
        TensorBuffer::Create(runtime, {LayerName("self_k", i), {1, heads, width, cache}}));
    SOTTO_ASSIGN_OR_RETURN(
        TensorBuffer v,
        TensorBuffer::Create(runtime, {LayerName("self_v", i), {1, heads, cache, width}}));
    caches->layers_.push_back({std::move(k), std::move(v)});
  }
  return caches;
}

void SelfCaches::AddTo(BufferMap* buffers) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    (*buffers)[LayerName("self_k", static_cast<int>(i))] = &layers_[i].k;
    (*buffers)[LayerName("self_v", static_cast<int>(i))] = &layers_[i].v;
  }
}

size_t SelfCaches::Write(int position, const std::vector<NewLayer>& layers) {
  const size_t at = static_cast<size_t>(position);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    // Keys are transposed: one column of [H * 64, C].
    float* k = layers_[layer].k.data();
    const float* new_k = layers[layer].k->data();
    for (size_t i = 0; i < heads_ * width_; ++i) k[i * cache_ + at] = new_k[i];
    float* v = layers_[layer].v.data();
    const float* new_v = layers[layer].v->data();
    for (size_t head = 0; head < heads_; ++head) {
      std::memcpy(v + (head * cache_ + at) * width_, new_v + head * width_, width_ * sizeof(float));
    }
  }
  return layers_.size() * 2 * heads_ * width_ * sizeof(float);
}

size_t SelfCaches::CopyFrom(const SelfCaches& other, int count) {
  const size_t used = static_cast<size_t>(count);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const float* from_k = other.layers_[layer].k.data();
    float* k = layers_[layer].k.data();
    for (size_t row = 0; row < heads_ * width_ * cache_; row += cache_) {
      std::copy_n(from_k + row, used, k + row);
    }
    const float* from_v = other.layers_[layer].v.data();
    float* v = layers_[layer].v.data();
    for (size_t row = 0; row < heads_ * cache_ * width_; row += cache_ * width_) {
      std::copy_n(from_v + row, used * width_, v + row);
    }
  }
  return layers_.size() * 2 * heads_ * width_ * used * sizeof(float);
}

}  // namespace sotto
