// sotto::Transcriber and its results for Python.

#ifndef SOTTO_PYTHON_BIND_TRANSCRIBER_H_
#define SOTTO_PYTHON_BIND_TRANSCRIBER_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindTranscriber(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_TRANSCRIBER_H_
