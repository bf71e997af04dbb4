#include "tflite/shape.h"

#include <doctest.h>

namespace sotto {
namespace {

Shape Of(std::initializer_list<int64_t> sizes) {
  Shape shape;
  for (const int64_t size : sizes) shape.Append(size);
  return shape;
}

TEST_CASE("Shapes broadcast from their last dimension on, a size of 1 to any") {
  CHECK(Broadcast(Of({2, 1, 4}), Of({3, 1})) == Of({2, 3, 4}));
  CHECK(Broadcast(Of({}), Of({5})) == Of({5}));
  CHECK(Broadcast(Of({1, 1}), Of({})) == Of({1, 1}));
  CHECK_FALSE(Broadcast(Of({2, 3}), Of({2, 4})).has_value());
  CHECK_FALSE(Broadcast(Of({2}), Of({3, 4})).has_value());
}

TEST_CASE("A shape without dimensions is one element") {
  CHECK(Of({}).Elements() == 1);
  CHECK(Of({2, 3, 4}).Elements() == 24);
  CHECK(Of({2}) != Of({2, 1}));
}

}  // namespace
}  // namespace sotto
