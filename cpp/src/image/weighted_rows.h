// Sums of weighed pixels, along rows and across them: the two inner loops of a resizing.

#ifndef SOTTO_SRC_IMAGE_WEIGHTED_ROWS_H_
#define SOTTO_SRC_IMAGE_WEIGHTED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/filter_taps.h"

namespace sotto {

// Bytes beyond a row's last pixel that may be read.
constexpr size_t kRowPadding = 16;

// Puts taps' weights into the form that the two loops read: they belong to this processor.
void PackWeights(FilterTaps* taps);

// row: [in, 3], and kRowPadding bytes; taps: packed. out: [kept, 3].
void WeighAcross(const uint8_t* row, const FilterTaps& taps, uint8_t* out);

// rows: each of `bytes`, and kRowPadding more; an even number of them; weights: packed,
// [rows.size()]. out: [bytes].
void WeighDown(const std::vector<const uint8_t*>& rows, const int32_t* weights, size_t bytes,
               uint8_t* out);

}  // namespace sotto

#endif  // SOTTO_SRC_IMAGE_WEIGHTED_ROWS_H_
