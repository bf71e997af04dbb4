#include "embed/embedding_image.h"

#include <algorithm>

namespace sotto {

Result<void> ImageTower::Encode(const float* pixels, size_t n, size_t dimensions,
                                float* out) const {
  return sessions_.With([&](EncoderGraphs* graphs) -> Result<void> {
    for (const Batch& batch : PlanBatches(std::vector<size_t>(n, 1), image_.buckets)) {
      SOTTO_RETURN_IF_ERROR(Run(batch, pixels, dimensions, graphs, out));
    }
    return {};
  });
}

Result<void> ImageTower::Run(const Batch& batch, const float* pixels, size_t dimensions,
                             EncoderGraphs* graphs, float* out) const {
  SOTTO_ASSIGN_OR_RETURN(BoundGraph * graph,
                         graphs->Graph(batch.bucket, image_.buckets[batch.bucket].signature));
  const size_t size = image_.channels * image_.height * image_.width;
  float* input = graph->tensor("pixels").data();
  for (const size_t item : batch.items) input = std::copy_n(pixels + item * size, size, input);
  SOTTO_RETURN_IF_ERROR(graph->Run());
  const float* vectors = graph->tensor("embedding").data();
  for (size_t row = 0; row < batch.items.size(); ++row) {
    std::copy_n(vectors + row * dimensions, dimensions, out + batch.items[row] * dimensions);
  }
  return {};
}

}  // namespace sotto
