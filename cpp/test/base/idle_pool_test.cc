#include "base/idle_pool.h"

#include <doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/one_call.h"

namespace sotto {
namespace {

struct Counted {
  explicit Counted(std::atomic<int>* alive) : count(alive) { ++*count; }
  ~Counted() { --*count; }
  std::atomic<int>* count;
};

TEST_CASE("what was given last is taken first, and nothing where there is none") {
  IdlePool<int> pool(2);
  CHECK(pool.Take() == nullptr);
  pool.Give(std::make_unique<int>(1));
  pool.Give(std::make_unique<int>(2));
  CHECK(*pool.Take() == 2);
  CHECK(*pool.Take() == 1);
  CHECK(pool.Take() == nullptr);
}

TEST_CASE("more than so many idle ones are freed, and all once the pool is closed") {
  std::atomic<int> alive{0};
  IdlePool<Counted> pool(2);
  for (int i = 0; i < 3; ++i) pool.Give(std::make_unique<Counted>(&alive));
  CHECK(alive == 2);
  auto at_work = pool.Take();
  pool.Close();
  CHECK(alive == 1);
  pool.Give(std::move(at_work));
  CHECK(alive == 0);
  CHECK(pool.Take() == nullptr);
}

TEST_CASE("no two of many threads have the same thing at once") {
  IdlePool<std::atomic<int>> pool(3);
  std::atomic<int> shared{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 200; ++turn) {
        auto mine = pool.Take();
        if (mine == nullptr) mine = std::make_unique<std::atomic<int>>(0);
        if (mine->exchange(1) != 0) ++shared;
        mine->store(0);
        pool.Give(std::move(mine));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(shared == 0);
}

TEST_CASE("a second call knows that it is not the only one") {
  std::atomic<bool> at_work{false};
  {
    const OneCall first(&at_work);
    CHECK(first.is_only());
    const OneCall second(&at_work);
    CHECK_FALSE(second.is_only());
  }
  CHECK(OneCall(&at_work).is_only());
}

TEST_CASE("of calls on many threads one at a time is the only one") {
  std::atomic<bool> at_work{false};
  int unguarded = 0;  // what the thread sanitizer would see two at once in
  std::atomic<int> counted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 500; ++turn) {
        const OneCall call(&at_work);
        if (!call.is_only()) continue;
        ++unguarded;
        ++counted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(unguarded == counted);
}

}  // namespace
}  // namespace sotto
