// Shapes of tensors, and how operations make one of others. All are static: every size is known.

#ifndef SOTTO_SRC_TFLITE_SHAPE_H_
#define SOTTO_SRC_TFLITE_SHAPE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace sotto {

// TFLite's kernels and XNNPACK's take four dimensions everywhere, more only here and there, and
// some end the process at a fifth. The NPU takes four.
constexpr int kMaxDimensions = 4;

// Up to four sizes, each >= 1.
struct Shape {
  int rank = 0;
  std::array<int64_t, kMaxDimensions> sizes{};

  int64_t operator[](int dimension) const { return sizes[static_cast<size_t>(dimension)]; }
  int64_t last() const { return sizes[static_cast<size_t>(rank - 1)]; }     // rank >= 1
  void Append(int64_t size) { sizes[static_cast<size_t>(rank++)] = size; }  // rank < 4

  // The product of the sizes: of a tensor that was checked, below 2^31.
  int64_t Elements() const;
};

bool operator==(const Shape& a, const Shape& b);
inline bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

// For messages: "[1, 80, 3000]".
std::string ToText(const Shape& shape);

// The shape of an elementwise operation on both, as in NumPy; nullopt where they don't fit.
std::optional<Shape> Broadcast(const Shape& a, const Shape& b);

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_SHAPE_H_
