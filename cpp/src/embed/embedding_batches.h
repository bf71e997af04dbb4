// Which items run together, in which graph.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_BATCHES_H_
#define SOTTO_SRC_EMBED_EMBEDDING_BATCHES_H_

#include <cstddef>
#include <vector>

#include "embed/embedding_bundle.h"

namespace sotto {

struct Batch {
  size_t bucket = 0;          // index of the graph
  std::vector<size_t> items;  // indices, at least one, at most its batch
};

// Every item once, in a graph of the least length that holds it: an item's vector does not depend
// on its neighbours. Items are sorted by length, the longest first; what is left when the larger
// batches are full runs in smaller ones.
//
// lengths: of each item, none longer than the longest bucket. buckets: ascending by length, then
// batch.
std::vector<Batch> PlanBatches(const std::vector<size_t>& lengths,
                               const std::vector<Bucket>& buckets);

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_BATCHES_H_
