// Graphs that a Python callable computes: run(signature, inputs) -> outputs, both dicts of float32
// arrays by name.

#ifndef SOTTO_PYTHON_PYTHON_GRAPHS_H_
#define SOTTO_PYTHON_PYTHON_GRAPHS_H_

#include <pybind11/pybind11.h>

#include <functional>
#include <utility>

#include "gil.h"
#include "litert/graph_function.h"

namespace sotto {

class PythonGraphs {
 public:
  explicit PythonGraphs(pybind11::object run) : run_(std::move(run)) {}

  // For the CompiledFiles of an object that holds this, too. The callable sees the inputs in their
  // buffers, whose memory `owner` keeps: it gives the Python object that holds all of this.
  GraphFunction Function(std::function<pybind11::object()> owner);

  // Without Python's lock: call(), whose graphs Python computes, with what the callable raised
  // raised again. Needs the lock.
  template <typename Call>
  auto Run(const Call& call) {
    auto result = [&] {
      const GilReleased released;
      return call();
    }();
    callbacks_.Rethrow();
    return result;
  }

 private:
  pybind11::object run_;
  PythonCallbacks callbacks_;
};

}  // namespace sotto

#endif  // SOTTO_PYTHON_PYTHON_GRAPHS_H_
