// Dynamic time warping: the cheapest path through a matrix (whisper/timing.py, dtw_cpu).

#ifndef SOTTO_SRC_WHISPER_DTW_H_
#define SOTTO_SRC_WHISPER_DTW_H_

#include <cstddef>
#include <vector>

namespace sotto {

// The steps of a path from the first row and column to the last; in each step one of them or
// both go on by one.
struct WarpPath {
  std::vector<int> rows;
  std::vector<int> columns;
};

// cost: [n_rows, n_columns]. Of equally cheap ways, the reference's: along the row first. As in
// the reference, a path may begin before the matrix, at -1, where a cost is not a number.
WarpPath Dtw(const float* cost, size_t n_rows, size_t n_columns);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_DTW_H_
