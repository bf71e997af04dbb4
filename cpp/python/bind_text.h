// Tokenizers of text.

#ifndef SOTTO_PYTHON_BIND_TEXT_H_
#define SOTTO_PYTHON_BIND_TEXT_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindText(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_TEXT_H_
