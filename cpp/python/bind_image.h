// Binding of ImageProcessor.

#ifndef SOTTO_PYTHON_BIND_IMAGE_H_
#define SOTTO_PYTHON_BIND_IMAGE_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindImage(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_IMAGE_H_
