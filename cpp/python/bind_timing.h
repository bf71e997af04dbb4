// What word timestamps are computed with, for tests against openai-whisper's own.

#ifndef SOTTO_PYTHON_BIND_TIMING_H_
#define SOTTO_PYTHON_BIND_TIMING_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindTiming(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_TIMING_H_
