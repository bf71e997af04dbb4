#include "whisper/dtw.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace sotto {
namespace {

enum Step : uint8_t { kBoth, kRow, kColumn };

// How each cell is reached: [n_rows + 1, n_columns + 1], with a border before the matrix.
class Trace {
 public:
  Trace(size_t n_rows, size_t n_columns)
      : width_(n_columns + 1), steps_((n_rows + 1) * (n_columns + 1)) {
    for (size_t i = 0; i <= n_rows; ++i) At(i, 0) = kRow;
    for (size_t j = 0; j <= n_columns; ++j) At(0, j) = kColumn;
  }

  Step& At(size_t i, size_t j) { return steps_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<Step> steps_;
};

WarpPath FollowBack(size_t i, size_t j, Trace* trace) {
  WarpPath path;
  while (i > 0 || j > 0) {
    path.rows.push_back(static_cast<int>(i) - 1);
    path.columns.push_back(static_cast<int>(j) - 1);
    const Step step = j == 0 ? kRow : trace->At(i, j);
    if (step != kColumn) --i;
    if (step != kRow) --j;
  }
  std::reverse(path.rows.begin(), path.rows.end());
  std::reverse(path.columns.begin(), path.columns.end());
  return path;
}

}  // namespace

WarpPath Dtw(const float* cost, size_t n_rows, size_t n_columns) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Trace trace(n_rows, n_columns);
  std::vector<double> above(n_columns + 1, kInfinity);  // cost to each cell of the row before
  above[0] = 0;
  std::vector<double> row(n_columns + 1);
  for (size_t i = 1; i <= n_rows; ++i) {
    row[0] = kInfinity;
    for (size_t j = 1; j <= n_columns; ++j) {
      const double both = above[j - 1];
      const double down = above[j];
      const double along = row[j - 1];
      double cheapest = along;
      Step step = kColumn;
      if (both < down && both < along) {
        cheapest = both;
        step = kBoth;
      } else if (down < both && down < along) {
        cheapest = down;
        step = kRow;
      }
      row[j] = static_cast<double>(cost[(i - 1) * n_columns + j - 1]) + cheapest;
      trace.At(i, j) = step;
    }
    std::swap(above, row);
  }
  return FollowBack(n_rows, n_columns, &trace);
}

}  // namespace sotto
