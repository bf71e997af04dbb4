// The runtime's single components, for tests against their Python references and for callers
// that want no more than one of them.

#ifndef SOTTO_PYTHON_BIND_COMPONENTS_H_
#define SOTTO_PYTHON_BIND_COMPONENTS_H_

#include <pybind11/pybind11.h>

namespace sotto {

void BindComponents(pybind11::module_& m);

// Two of them are large: the decoding of one window, and a text's caches.
void BindWindowDecoder(pybind11::module_& m);
void BindKvCache(pybind11::module_& m);

}  // namespace sotto

#endif  // SOTTO_PYTHON_BIND_COMPONENTS_H_
