#include "python_graphs.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <string>
#include <vector>

#include "arrays.h"
#include "errors.h"

namespace sotto {
namespace {

namespace py = pybind11;

std::vector<py::ssize_t> ShapeOf(const TensorSpec& spec) {
  return {spec.shape.begin(), spec.shape.end()};
}

// Throws ModelError if it is missing or of another shape.
void CopyOutput(const std::string& signature, const py::object& outputs, const GraphTensor& to) {
  const TensorSpec& spec = *to.spec;
  const std::string wanted = "the outputs of " + signature + " must hold " + spec.name +
                             ", float32 of shape " + ShapeText(spec.shape);
  if (!py::isinstance<py::dict>(outputs) || !outputs.contains(spec.name)) {
    ThrowPython({ErrorCode::kModel, wanted});
  }
  const auto array = FloatArray::ensure(outputs[py::str(spec.name)]);
  if (!array) throw py::error_already_set();
  const std::vector<py::ssize_t> shape(array.shape(), array.shape() + array.ndim());
  if (shape != ShapeOf(spec)) ThrowPython({ErrorCode::kModel, wanted});
  std::copy_n(array.data(), spec.elements(), to.data);
}

}  // namespace

GraphFunction PythonGraphs::Function(std::function<py::object()> owner) {
  return [this, owner = std::move(owner)](const std::string& signature,
                                          const std::vector<GraphTensor>& inputs,
                                          const std::vector<GraphTensor>& outputs) -> Result<void> {
    const bool ran = callbacks_.Run([&] {
      const py::object keeper = owner();
      py::dict given;
      for (const GraphTensor& input : inputs) {
        given[py::str(input.spec->name)] = FloatArray(ShapeOf(*input.spec), input.data, keeper);
      }
      const py::object found = CallPython(run_, py::make_tuple(signature, given));
      for (const GraphTensor& output : outputs) CopyOutput(signature, found, output);
    });
    if (ran) return {};
    return Error{ErrorCode::kModel, "signature " + signature + " was not computed"};
  };
}

}  // namespace sotto
