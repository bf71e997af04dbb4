// Alignment scores of a text, for tests against openai-whisper's.

#ifndef SOTTO_PYTHON_BIND_ALIGNMENT_H_
#define SOTTO_PYTHON_BIND_ALIGNMENT_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindAlignment(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_ALIGNMENT_H_
