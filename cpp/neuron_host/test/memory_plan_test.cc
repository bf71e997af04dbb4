#include "memory_plan.h"

#include <doctest.h>

namespace sotto::neuron {

TEST_CASE("Memory that was released is taken again") {
  MemoryPlan plan;
  const size_t a = plan.Take(100), b = plan.Take(64), c = plan.Take(1);
  CHECK(a % 64 == 0);
  CHECK(b >= a + 100);
  CHECK(c >= b + 64);
  plan.Release(a, 100);
  plan.Release(b, 64);
  CHECK(plan.Take(190) == a);  // both together
  CHECK(plan.bytes() == 256);
}

TEST_CASE("The last piece of free memory grows") {
  MemoryPlan plan;
  const size_t a = plan.Take(64), b = plan.Take(64);
  plan.Release(b, 64);
  CHECK(plan.Take(640) == b);
  plan.Release(a, 64);
  CHECK(plan.Take(32) == a);
  CHECK(plan.bytes() == 704);
}

}  // namespace sotto::neuron
