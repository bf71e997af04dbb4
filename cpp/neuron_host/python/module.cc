// Recorded graphs and their execution, for Python.

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contracts.h"
#include "errors.h"
#include "executor.h"
#include "gil.h"
#include "kernels/quantization.h"
#include "network_reader.h"

namespace sotto::neuron {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// A network and the file that its constants are in.
struct RecordedGraph {
  std::vector<uint8_t> content;
  std::shared_ptr<const Network> network;
};

sotto::Result<std::shared_ptr<RecordedGraph>> ReadFile(const std::filesystem::path& path) {
  auto graph = std::make_shared<RecordedGraph>();
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (!file || size < 0) return Error{ErrorCode::kModel, "can't read " + path.string()};
  graph->content.resize(static_cast<size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(graph->content.data()), size);
  if (!file) return Error{ErrorCode::kModel, "can't read " + path.string()};
  SOTTO_ASSIGN_OR_RETURN(
      graph->network, Network::Read(graph->content.data(), graph->content.size(), path.string()));
  return graph;
}

std::shared_ptr<RecordedGraph> Read(const std::filesystem::path& path) {
  auto graph = [&] {
    const GilReleased released;
    return ReadFile(path);
  }();
  return Unwrap(std::move(graph));
}

py::dtype TypeOf(const Operand& operand, bool computed) {
  switch (operand.type) {
    case kTensorFloat16:
      return computed ? py::dtype("float32") : py::dtype("float16");
    case kTensorInt32:
    case kTensorInt32SymmPerChannel:
    case kInt32:
      return py::dtype("int32");
    case kUint32:
      return py::dtype("uint32");
    case kTensorQuant8Asymm:
      return py::dtype("uint8");
    case kTensorQuant16Symm:
      return py::dtype("int16");
    case kTensorQuant16Asymm:
      return py::dtype("uint16");
    case kTensorBool8:
    case kBool:
      return py::dtype("bool");
    case kTensorQuant8Symm:
    case kTensorQuant8AsymmSigned:
    case kTensorQuant8SymmPerChannel:
      return py::dtype("int8");
    default:
      return py::dtype("float32");
  }
}

py::tuple ShapeOf(const Operand& operand) { return py::cast(operand.dimensions).cast<py::tuple>(); }

py::array Empty(const Operand& operand) {
  return py::array(TypeOf(operand, false),
                   std::vector<py::ssize_t>(operand.dimensions.begin(), operand.dimensions.end()));
}

// What one operation gave, for a caller to keep: quantised tensors as the numbers they stand for.
std::vector<py::array> Copies(const std::vector<TensorView>& views) {
  std::vector<py::array> arrays;
  for (const TensorView& view : views) {
    const Tensor tensor = TensorOf(view.operand);
    const std::vector<py::ssize_t> sizes(tensor.dimensions.begin(), tensor.dimensions.end());
    if (tensor.IsQuantized()) {
      py::array_t<float> numbers(sizes);
      ToFloats(tensor, view.data, 0, tensor.elements, numbers.mutable_data());
      arrays.push_back(std::move(numbers));
    } else {
      arrays.emplace_back(TypeOf(view.operand, true), sizes, view.data);
    }
  }
  return arrays;
}

// The array that is given for an input, in the order of C; ModelError if it is another's.
py::array Checked(const Network& network, size_t i, const py::array& given) {
  const Operand& operand = network.operands()[network.inputs()[i]];
  const bool same_shape =
      std::equal(given.shape(), given.shape() + given.ndim(), operand.dimensions.begin(),
                 operand.dimensions.end(),
                 [](py::ssize_t a, uint32_t b) { return a == static_cast<py::ssize_t>(b); });
  const py::dtype type = TypeOf(operand, false);
  if (!same_shape || !given.dtype().equal(type)) {
    ThrowPython({ErrorCode::kModel, "input " + std::to_string(i) + " is " +
                                        py::str(given.dtype()).cast<std::string>() +
                                        " of the shape " +
                                        py::str(given.attr("shape")).cast<std::string>() +
                                        ", not " + py::str(type).cast<std::string>() + " of " +
                                        py::str(ShapeOf(operand)).cast<std::string>()});
  }
  return py::array::ensure(given, py::array::c_style);
}

Arithmetic ArithmeticOf(const std::string& storage, const std::string& accumulate,
                        const std::string& gelu) {
  const auto second = [](const char* name, const std::string& value, const char* first,
                         const char* other) {
    if (value != first && value != other) {
      ThrowPython({ErrorCode::kOption,
                   std::string(name) + " '" + value + "': expected " + first + " or " + other});
    }
    return value == other;
  };
  Arithmetic arithmetic;
  if (second("storage", storage, "fp16", "fp32")) {
    arithmetic.storage = Arithmetic::Storage::kFloat32;
  }
  if (second("accumulate", accumulate, "fp32", "fp16")) {
    arithmetic.sums = Arithmetic::Sums::kFloat16;
  }
  if (second("gelu", gelu, "tanh", "erf")) arithmetic.gelu = Arithmetic::Gelu::kErf;
  return arithmetic;
}

using PythonWatch = std::function<void(size_t, std::vector<py::array>)>;

// An executor, and the file that it needs.
class PythonExecutor {
 public:
  PythonExecutor(std::shared_ptr<RecordedGraph> graph, const std::string& storage,
                 const std::string& accumulate, const std::string& gelu, int threads)
      : graph_(std::move(graph)) {
    const Arithmetic arithmetic = ArithmeticOf(storage, accumulate, gelu);
    auto executor = [&] {
      const GilReleased released;
      return Executor::Create(graph_->network, arithmetic, threads);
    }();
    executor_ = Unwrap(std::move(executor));
  }

  std::vector<py::array> Run(const std::vector<py::array>& given, const PythonWatch& watch,
                             const std::optional<std::vector<size_t>>& places) {
    const Network& network = *graph_->network;
    std::vector<py::array> inputs, outputs;
    std::vector<const void*> from;
    std::vector<void*> to;
    for (size_t i = 0; i < given.size(); ++i) {
      inputs.push_back(i < network.inputs().size() ? Checked(network, i, given[i]) : given[i]);
      from.push_back(inputs.back().data());
    }
    for (const uint32_t index : network.outputs()) {
      outputs.push_back(Empty(network.operands()[index]));
      to.push_back(outputs.back().mutable_data());
    }
    Executor::Watch seen;
    if (watch) {
      seen = [&](size_t operation, const std::vector<TensorView>& views) {
        if (places && std::find(places->begin(), places->end(), operation) == places->end()) return;
        const GilTaken taken;
        watch(operation, Copies(views));
      };
    }
    const sotto::Result<void> result = [&] {
      const GilReleased released;
      return executor_->Run(from, to, seen);
    }();
    Unwrap(result);
    return outputs;
  }

 private:
  std::shared_ptr<RecordedGraph> graph_;
  std::unique_ptr<Executor> executor_;
};

std::vector<py::tuple> Shapes(const Network& network, const std::vector<uint32_t>& indices) {
  std::vector<py::tuple> shapes;
  for (const uint32_t index : indices) shapes.push_back(ShapeOf(network.operands()[index]));
  return shapes;
}

}  // namespace

PYBIND11_MODULE(_neuron_host, m) {
  m.doc() = "Recorded graphs of Sotto's neuron_host, and their execution.";
  sotto::BindEnding();
  py::class_<RecordedGraph, std::shared_ptr<RecordedGraph>>(
      m, "Network", "A recorded graph (cpp/neuron_host/network_file.h).")
      .def(py::init(&Read), "path"_a, "Reads a file. Raises ModelError.")
      .def_property_readonly("soc", [](const RecordedGraph& g) { return g.network->soc(); })
      .def_property_readonly(
          "operations",
          [](const RecordedGraph& g) {
            std::vector<std::string> names;
            for (const Operation& operation : g.network->operations()) {
              names.push_back(OperationName(operation.code));
            }
            return names;
          },
          "Neuron's names, in the order of execution.")
      .def_property_readonly(
          "input_shapes",
          [](const RecordedGraph& g) { return Shapes(*g.network, g.network->inputs()); })
      .def_property_readonly("output_shapes", [](const RecordedGraph& g) {
        return Shapes(*g.network, g.network->outputs());
      });
  py::class_<PythonExecutor>(m, "Executor", "Runs a graph in the arithmetic of an NPU.")
      .def(
          py::init<std::shared_ptr<RecordedGraph>, const std::string&, const std::string&,
                   const std::string&, int>(),
          "network"_a, py::kw_only(), "storage"_a = "fp16", "accumulate"_a = "fp32",
          "gelu"_a = "tanh", "threads"_a = 1,
          "Prepares constants and memory. Raises ModelError for what is not computed, OptionError.")
      .def(
          "run", &PythonExecutor::Run, "inputs"_a, "watch"_a = py::none(), py::kw_only(),
          "places"_a = py::none(),
          "Outputs in the graph's order. `watch` is called with the place of each operation, or of "
          "those in `places`, and what it gave, quantised tensors as floats. Raises ModelError.");
}

}  // namespace sotto::neuron
