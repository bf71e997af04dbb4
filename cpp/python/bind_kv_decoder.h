// KvDecoder in Python.

#ifndef SOTTO_PYTHON_BIND_KV_DECODER_H_
#define SOTTO_PYTHON_BIND_KV_DECODER_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindKvDecoder(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_KV_DECODER_H_
