// Resizing of 8-bit pictures, bit by bit as Pillow's (src/libImaging/Resample.c, and for the
// nearest pixel ImagingScaleAffine of Geometry.c).

#ifndef SOTTO_SRC_IMAGE_RESAMPLE_H_
#define SOTTO_SRC_IMAGE_RESAMPLE_H_

#include <cstddef>
#include <cstdint>

#include "sotto/image_processor.h"

namespace sotto {

// One axis of a resizing from `in` to `out` pixels, of which `kept` from `first` are computed.
struct ResampleAxis {
  size_t in = 0;
  size_t out = 0;
  size_t first = 0;
  size_t kept = 0;
};

// out: red, green and blue, [vertical.kept] rows of [horizontal.kept] pixels, `out_stride` bytes
// from a row to the next.
void ResampleImage(const ImageView& image, const ResampleAxis& vertical,
                   const ResampleAxis& horizontal, Resample resample, uint8_t* out,
                   size_t out_stride);

}  // namespace sotto

#endif  // SOTTO_SRC_IMAGE_RESAMPLE_H_
