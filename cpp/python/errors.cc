#include "errors.h"

#include <pybind11/pybind11.h>

namespace sotto {
namespace {

namespace py = pybind11;

const char* ClassName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAudio:
      return "AudioError";
    case ErrorCode::kImage:
      return "ImageError";
    case ErrorCode::kBundle:
      return "BundleError";
    case ErrorCode::kModel:
      return "ModelError";
    case ErrorCode::kOption:
      return "OptionError";
    case ErrorCode::kDevice:
      return "DeviceError";
    case ErrorCode::kOutput:
      return "OutputError";
    case ErrorCode::kCancelled:
      return "CancelledError";
  }
  return "SottoError";
}

}  // namespace

void ThrowPython(const Error& error) {
  const py::object type = py::module_::import("sotto.errors").attr(ClassName(error.code));
  // A path in the message need not be UTF-8; as in os.fsdecode, nothing of it is lost.
  const auto message = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      error.message.data(), static_cast<Py_ssize_t>(error.message.size()), "surrogateescape"));
  if (message) PyErr_SetObject(type.ptr(), message.ptr());
  throw py::error_already_set();
}

}  // namespace sotto
