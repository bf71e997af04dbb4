#include "decode/self_caches.h"

#include <algorithm>
#include <utility>

#include "decode/decoder_tensors.h"

namespace sotto {

CacheShape CacheShapeOf(const Dims& dims, int cache) {
  return {static_cast<size_t>(cache), static_cast<size_t>(dims.n_text_head),
          static_cast<size_t>(dims.n_text_state / dims.n_text_head)};
}

void WritePositions(const CacheShape& shape, size_t start, size_t count, size_t block,
                    const NewLayer& from, const CachedLayer& to) {
  for (size_t head = 0; head < shape.heads; ++head) {
    std::copy_n(from.k->data() + head * block * shape.width, count * shape.width,
                to.k->data() + (head * shape.positions + start) * shape.width);
  }
  // Values are transposed: columns of [H * 64, C].
  for (size_t row = 0; row < shape.heads * shape.width; ++row) {
    std::copy_n(from.v->data() + row * block, count, to.v->data() + row * shape.positions + start);
  }
}

Result<std::unique_ptr<SelfCaches>> SelfCaches::Create(const Graph& decoder, const Dims& dims,
                                                       int cache) {
  std::unique_ptr<SelfCaches> caches(new SelfCaches(CacheShapeOf(dims, cache)));
  const int heads = dims.n_text_head;
  const int width = dims.n_text_state / heads;
  for (int i = 0; i < dims.n_text_layer; ++i) {
    CachedLayer layer{};
    for (auto& [buffer, spec] :
         {std::pair<TensorBuffer**, TensorSpec>{&layer.k,
                                                {LayerName("self_k", i), {1, heads, cache, width}}},
          std::pair<TensorBuffer**, TensorSpec>{
              &layer.v, {LayerName("self_v", i), {1, heads, width, cache}}}}) {
      SOTTO_ASSIGN_OR_RETURN(TensorBuffer made, decoder.MakeBuffer(spec));
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

size_t SelfCaches::Write(int position, const std::vector<NewLayer>& layers) {
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    WritePositions(shape_, static_cast<size_t>(position), 1, 1, layers[layer], layers_[layer]);
  }
  return layers_.size() * 2 * shape_.heads * shape_.width * sizeof(float);
}

size_t SelfCaches::CopyFrom(const SelfCaches& other, int count) {
  const size_t used = static_cast<size_t>(count);
  const auto copy = [](const TensorBuffer& from, TensorBuffer* to, size_t row, size_t first) {
    for (size_t at = 0; at < from.elements(); at += row) {
      std::copy_n(from.data() + at, first, to->data() + at);
    }
  };
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    copy(*other.layers_[layer].k, layers_[layer].k, shape_.positions * shape_.width,
         used * shape_.width);
    copy(*other.layers_[layer].v, layers_[layer].v, shape_.positions, used);
  }
  return layers_.size() * 2 * shape_.heads * shape_.width * used * sizeof(float);
}

}  // namespace sotto
