#include "embed/embedding_batches.h"

#include <doctest.h>

#include <set>
#include <vector>

namespace sotto {
namespace {

// Of lengths 4 and 8, in batches of 1 and 3.
std::vector<Bucket> Buckets() {
  std::vector<Bucket> buckets;
  for (const size_t length : {4, 8}) {
    for (const size_t batch : {1, 3}) buckets.push_back({{}, length, batch});
  }
  return buckets;
}

TEST_CASE("an item runs in a graph of the least length that holds it") {
  const std::vector<size_t> lengths = {1, 4, 5, 8};
  for (const Batch& batch : PlanBatches(lengths, Buckets())) {
    const size_t length = Buckets()[batch.bucket].length;
    for (const size_t item : batch.items) CHECK(length == (lengths[item] <= 4 ? 4 : 8));
  }
}

TEST_CASE("items of one length fill batches, and what is left runs in smaller ones") {
  const std::vector<Batch> plan = PlanBatches({2, 2, 2, 2, 2}, Buckets());
  REQUIRE(plan.size() == 3);
  CHECK(plan[0].items == std::vector<size_t>{0, 1, 2});
  CHECK(plan[1].items == std::vector<size_t>{3});
  CHECK(plan[2].items == std::vector<size_t>{4});
  CHECK(Buckets()[plan[0].bucket].batch == 3);
  CHECK(Buckets()[plan[1].bucket].batch == 1);
}

TEST_CASE("the longest items run first") {
  const std::vector<Batch> plan = PlanBatches({1, 7, 3, 8}, Buckets());
  REQUIRE(plan.size() == 4);
  CHECK(plan[0].items == std::vector<size_t>{3});
  CHECK(plan[1].items == std::vector<size_t>{1});
  CHECK(plan[2].items == std::vector<size_t>{2});
}

TEST_CASE("without a batch of 1 the smallest runs partly filled") {
  const std::vector<Batch> plan = PlanBatches({2}, {{{}, 4, 3}});
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].items == std::vector<size_t>{0});
}

TEST_CASE("every item is in one batch, and no batch has more than its graph takes") {
  std::vector<size_t> lengths;
  for (size_t i = 0; i < 100; ++i) lengths.push_back(1 + (i * 37) % 8);
  std::multiset<size_t> seen;
  for (const Batch& batch : PlanBatches(lengths, Buckets())) {
    CHECK(!batch.items.empty());
    CHECK(batch.items.size() <= Buckets()[batch.bucket].batch);
    seen.insert(batch.items.begin(), batch.items.end());
  }
  CHECK(seen.size() == 100);
  CHECK(std::set<size_t>(seen.begin(), seen.end()).size() == 100);
}

TEST_CASE("nothing needs no batches") { CHECK(PlanBatches({}, Buckets()).empty()); }

}  // namespace
}  // namespace sotto
