// Pixels to vectors.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_
#define SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "embed/embedding_batches.h"
#include "embed/embedding_bundle.h"
#include "embed/encoder_graphs.h"
#include "litert/bound_graph.h"
#include "sotto/error.h"

namespace sotto {

// For any number of threads at once. Graphs are loaded when they are first used.
class ImageTower {
 public:
  // `image` must outlive it.
  ImageTower(std::shared_ptr<const LiteRtRuntime> runtime, const ImageEncoderSpec& image,
             int threads)
      : image_(image), sessions_(std::move(runtime), threads, image.buckets.size()) {}

  // pixels: [n, channels, height, width], as the model's processor gives them.
  // out: [n, dimensions].
  Result<void> Encode(const float* pixels, size_t n, size_t dimensions, float* out) const;

  // Runs its smallest graph once.
  Result<void> Try() const { return sessions_.Try(image_.buckets.front().signature); }

  // Frees idle sessions, and each when it is done.
  void Close() const { sessions_.Close(); }

 private:
  Result<void> Run(const Batch& batch, const float* pixels, size_t dimensions,
                   EncoderGraphs* graphs, float* out) const;

  const ImageEncoderSpec& image_;
  const EncoderSessions sessions_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_IMAGE_H_
