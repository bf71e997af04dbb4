// A median filter along rows (whisper/timing.py, median_filter).

#ifndef SOTTO_SRC_WHISPER_MEDIAN_FILTER_H_
#define SOTTO_SRC_WHISPER_MEDIAN_FILTER_H_

#include <cstddef>

namespace sotto {

// Replaces each value of x [rows, columns] by the median of the `width` values around it, beyond
// the ends their mirror image; a value that is not a number counts as the largest. width: odd.
// Rows that are too short to be mirrored, width / 2 or shorter, stay as they are.
void MedianFilter(size_t rows, size_t columns, size_t width, float* x);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_MEDIAN_FILTER_H_
