#include "decode/self_caches.h"

#include <algorithm>
#include <utility>

#include "decode/decoder_tensors.h"

namespace sotto {

Result<std::unique_ptr<SelfCaches>> SelfCaches::Create(const Graph& decoder,
                                                       const DecoderSpec& spec) {
  std::unique_ptr<SelfCaches> caches(new SelfCaches(spec));
  const int heads = spec.kv_heads;
  const int width = spec.head_width();
  for (int i = 0; i < spec.layers; ++i) {
    Layer layer{};
    for (auto& [buffer, tensor] :
         {std::pair<TensorBuffer**, TensorSpec>{
              &layer.k, {LayerName("self_k", i), {1, heads, spec.cache, width}}},
          std::pair<TensorBuffer**, TensorSpec>{
              &layer.v, {LayerName("self_v", i), {1, heads, width, spec.cache}}}}) {
      SOTTO_ASSIGN_OR_RETURN(TensorBuffer made, decoder.MakeBuffer(tensor));
      caches->buffers_.push_back(std::move(made));
      *buffer = &caches->buffers_.back();
    }
    caches->layers_.push_back(layer);
  }
  return caches;
}

void SelfCaches::AddTo(BufferMap* buffers) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    (*buffers)[LayerName("self_k", static_cast<int>(i))] = layers_[i].k;
    (*buffers)[LayerName("self_v", static_cast<int>(i))] = layers_[i].v;
  }
}

size_t SelfCaches::Write(size_t start, size_t count, size_t block,
                         const std::vector<NewLayer>& layers) {
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const float* k = layers[layer].k->data();
    float* cached_k = layers_[layer].k->data();
    for (size_t head = 0; head < heads_; ++head) {
      std::copy_n(k + head * block * width_, count * width_,
                  cached_k + (head * positions_ + start) * width_);
    }
    // Values are transposed: columns of [H * w, C].
    const float* v = layers[layer].v->data();
    float* cached_v = layers_[layer].v->data();
    for (size_t row = 0; row < heads_ * width_; ++row) {
      std::copy_n(v + row * block, count, cached_v + row * positions_ + start);
    }
  }
  return Bytes(count);
}

size_t SelfCaches::CopyFrom(const SelfCaches& other, size_t count) {
  const auto copy = [](const TensorBuffer& from, TensorBuffer* to, size_t row, size_t first) {
    for (size_t at = 0; at < from.elements(); at += row) {
      std::copy_n(from.data() + at, first, to->data() + at);
    }
  };
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    copy(*other.layers_[layer].k, layers_[layer].k, positions_ * width_, count * width_);
    copy(*other.layers_[layer].v, layers_[layer].v, positions_, count);
  }
  return Bytes(count);
}

}  // namespace sotto
