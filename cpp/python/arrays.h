// NumPy arrays as arguments.

#ifndef SOTTO_PYTHON_ARRAYS_H_
#define SOTTO_PYTHON_ARRAYS_H_

#include <pybind11/numpy.h>

namespace sotto {

// Rows of float32, copied where what is given is laid out otherwise or of another type.
using FloatArray = pybind11::array_t<float, pybind11::array::c_style | pybind11::array::forcecast>;

}  // namespace sotto

#endif  // SOTTO_PYTHON_ARRAYS_H_
