// sotto::SpeechModel, its sessions and results for Python.

#ifndef SOTTO_PYTHON_BIND_SPEECH_H_
#define SOTTO_PYTHON_BIND_SPEECH_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindSpeech(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_SPEECH_H_
