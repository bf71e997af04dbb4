// Pixels to vectors.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_
#define SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "litert/bound_graph.h"
#include "embed/embedding_batches.h"
#include "embed/embedding_bundle.h"
#include "sotto/error.h"

namespace sotto {

// Not for several threads at once. Graphs are loaded when they are first used.
class ImageTower {
 public:
  // `image` must outlive it.
  ImageTower(std::shared_ptr<const LiteRtRuntime> runtime, const ImageEncoderSpec& image,
             int threads)
      : runtime_(std::move(runtime)),
        image_(image),
        threads_(threads),
        graphs_(image.buckets.size()) {}

  // pixels: [n, channels, height, width], as the model's processor gives them.
  // out: [n, dimensions].
  Result<void> Encode(const float* pixels, size_t n, size_t dimensions, float* out);

 private:
  Result<void> Run(const Batch& batch, const float* pixels, size_t dimensions, float* out);

  const std::shared_ptr<const LiteRtRuntime> runtime_;
  const ImageEncoderSpec& image_;
  const int threads_;
  std::vector<std::unique_ptr<BoundGraph>> graphs_;  // by bucket
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_
