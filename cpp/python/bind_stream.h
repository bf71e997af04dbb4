// Stream in Python.

#ifndef SOTTO_PYTHON_BIND_STREAM_H_
#define SOTTO_PYTHON_BIND_STREAM_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindStream(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_STREAM_H_
