// Arrays of decoded pictures, as the runtime sees them.

#ifndef SOTTO_PYTHON_IMAGE_VIEW_H_
#define SOTTO_PYTHON_IMAGE_VIEW_H_

#include <pybind11/numpy.h>

#include <cstdint>

#include "sotto/image_processor.h"

namespace sotto {

// Floats are refused, as they are no bytes.
using ByteArray = pybind11::array_t<uint8_t, 0>;
using PackedBytes =
    pybind11::array_t<uint8_t, pybind11::array::c_style | pybind11::array::forcecast>;

// Of an array [h, w, c], which is copied into `packed` if a row's bytes don't follow each other.
// Both must outlive the view. Throws ImageError for another shape.
ImageView ViewOf(const ByteArray& pixels, PackedBytes* packed);

}  // namespace sotto

#endif  // SOTTO_PYTHON_IMAGE_VIEW_H_
