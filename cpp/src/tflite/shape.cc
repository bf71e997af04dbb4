#include "tflite/shape.h"

#include <algorithm>

namespace sotto {

int64_t Shape::Elements() const {
  int64_t elements = 1;
  for (int i = 0; i < rank; ++i) elements *= (*this)[i];
  return elements;
}

bool operator==(const Shape& a, const Shape& b) {
  return a.rank == b.rank && std::equal(a.sizes.begin(), a.sizes.begin() + a.rank, b.sizes.begin());
}

std::string ToText(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::optional<Shape> Broadcast(const Shape& a, const Shape& b) {
  Shape result;
  result.rank = std::max(a.rank, b.rank);
  for (int i = 0; i < result.rank; ++i) {
    const int in_a = i - (result.rank - a.rank), in_b = i - (result.rank - b.rank);
    const int64_t of_a = in_a < 0 ? 1 : a[in_a], of_b = in_b < 0 ? 1 : b[in_b];
    if (of_a != of_b && of_a != 1 && of_b != 1) return std::nullopt;
    result.sizes[static_cast<size_t>(i)] = std::max(of_a, of_b);
  }
  return result;
}

}  // namespace sotto
