#include "threads.h"

#include <doctest.h>

#include <atomic>
#include <new>
#include <vector>

namespace sotto::neuron {

TEST_CASE("Each task is done once, loop after loop") {
  for (const int count : {1, 2, 5}) {
    Threads threads(count);
    for (size_t tasks = 0; tasks < 200; ++tasks) {
      std::vector<std::atomic<int>> done(tasks);
      threads.For(tasks, [&](size_t i, Workspace&) { ++done[i]; });
      for (const auto& times : done) REQUIRE(times == 1);
    }
  }
}

TEST_CASE("Pieces cover what they are of") {
  Threads threads(2);
  std::vector<std::atomic<int>> seen(1001);
  ForPieces(threads, seen.size(), 100, [&](size_t begin, size_t end, Workspace&) {
    REQUIRE(end - begin <= 100);
    for (size_t i = begin; i < end; ++i) ++seen[i];
  });
  for (const auto& times : seen) REQUIRE(times == 1);
}

TEST_CASE("Memory that is not there is told to the caller") {
  Threads threads(2);
  CHECK_THROWS_AS(threads.For(8,
                              [](size_t i, Workspace&) {
                                if (i == 5) throw std::bad_alloc();
                              }),
                  std::bad_alloc);
  std::atomic<int> done{0};
  threads.For(8, [&](size_t, Workspace&) { ++done; });
  CHECK(done == 8);
}

}  // namespace sotto::neuron
