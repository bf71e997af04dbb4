// Voice activity detection.

#ifndef SOTTO_PYTHON_BIND_VAD_H_
#define SOTTO_PYTHON_BIND_VAD_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindVad(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_VAD_H_
