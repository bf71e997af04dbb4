// The weights by which a resizing mixes pixels, as Pillow's precompute_coeffs and
// normalize_coeffs_8bpc make them (src/libImaging/Resample.c).

#ifndef SOTTO_SRC_IMAGE_FILTER_TAPS_H_
#define SOTTO_SRC_IMAGE_FILTER_TAPS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/resample.h"

namespace sotto {

// Bits of a weight's fraction: a product with 8 bits, and two bits for the filters' negative
// areas, fit 32.
constexpr int kWeightBits = 32 - 8 - 2;

// Of each kept output pixel: the first input pixel, and `count` weights of it and its neighbours.
// The count is even: where the axis has an odd number of pixels, the last weight may be of one
// beyond it, and is 0.
struct FilterTaps {
  size_t count = 0;
  std::vector<size_t> starts;    // [kept]
  std::vector<int32_t> weights;  // [kept, count]
};

FilterTaps MakeFilterTaps(const ResampleAxis& axis, Resample resample);

// The input pixel of each kept output pixel, for Resample::kNearest.
std::vector<size_t> NearestPixels(const ResampleAxis& axis);

}  // namespace sotto

#endif  // SOTTO_SRC_IMAGE_FILTER_TAPS_H_
