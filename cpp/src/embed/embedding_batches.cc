#include "embed/embedding_batches.h"

#include <algorithm>
#include <numeric>

namespace sotto {
namespace {

// The buckets of the least length that holds `length`: a range of indices.
struct Range {
  size_t first = 0;
  size_t end = 0;
};

Range Fitting(size_t length, const std::vector<Bucket>& buckets) {
  const auto first = std::find_if(buckets.begin(), buckets.end(),
                                  [&](const Bucket& bucket) { return bucket.length >= length; });
  const auto end = std::find_if(
      first, buckets.end(), [&](const Bucket& bucket) { return bucket.length != first->length; });
  return {static_cast<size_t>(first - buckets.begin()), static_cast<size_t>(end - buckets.begin())};
}

// The largest batch that `left` items fill, or the smallest there is.
size_t Filled(const Range& range, size_t left, const std::vector<Bucket>& buckets) {
  size_t chosen = range.first;
  for (size_t i = range.first; i < range.end; ++i) {
    if (buckets[i].batch <= left) chosen = i;
  }
  return chosen;
}

}  // namespace

std::vector<Batch> PlanBatches(const std::vector<size_t>& lengths,
                               const std::vector<Bucket>& buckets) {
  std::vector<size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lengths[a] > lengths[b]; });
  std::vector<Batch> plan;
  for (auto next = order.begin(); next != order.end();) {
    const Range range = Fitting(lengths[*next], buckets);
    const auto end = std::find_if(next, order.end(), [&](size_t item) {
      return Fitting(lengths[item], buckets).first != range.first;
    });
    while (next != end) {
      const auto left = static_cast<size_t>(end - next);
      const size_t bucket = Filled(range, left, buckets);
      const auto taken = static_cast<std::ptrdiff_t>(std::min(left, buckets[bucket].batch));
      plan.push_back({bucket, {next, next + taken}});
      next += taken;
    }
  }
  return plan;
}

}  // namespace sotto
