// C++ errors as Python exceptions.

#ifndef SOTTO_PYTHON_ERRORS_H_
#define SOTTO_PYTHON_ERRORS_H_

#include <utility>

#include "sotto/error.h"

namespace sotto {

// Throws the class of sotto.errors that `error`'s code stands for. Needs the GIL.
[[noreturn]] void ThrowPython(const Error& error);

// The value of `result`, or its error as a Python exception. Needs the GIL.
template <typename T>
T Unwrap(Result<T> result) {
  if (!result.ok()) ThrowPython(result.error());
  return std::move(result).value();
}

inline void Unwrap(const Result<void>& result) {
  if (!result.ok()) ThrowPython(result.error());
}

}  // namespace sotto

#endif  // SOTTO_PYTHON_ERRORS_H_
