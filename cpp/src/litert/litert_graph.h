// One signature of a .tflite file, and the buffers it runs over.

#ifndef SOTTO_SRC_LITERT_LITERT_GRAPH_H_
#define SOTTO_SRC_LITERT_LITERT_GRAPH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle_parts.h"
#include "litert/compiled_files.h"
#include "litert/graph_function.h"
#include "litert/litert_buffer.h"
#include "litert/litert_runtime.h"
#include "sotto/error.h"

namespace sotto {

// One signature of a .tflite file. Not for several threads at once, nor while another graph of the
// same CompiledFiles runs.
class Graph {
 public:
  // The buffers of every input and output, in the signature's order.
  struct Binding {
    std::vector<LiteRtTensorBuffer> inputs;
    std::vector<LiteRtTensorBuffer> outputs;
    std::vector<TensorBuffer*> device;  // those that are an NPU's, each once
    // The same inputs and outputs as a GraphFunction takes them; empty where LiteRT computes.
    std::vector<GraphTensor> read;
    std::vector<GraphTensor> written;
  };

  // kModel if the file is not a model, has no such signature, or holds tensors that are not static
  // float32; kBundle if its tensors are not those of `signature`; kDevice if it is for an NPU that
  // does not take it. Where a function computes, the tensors are those of `signature`.
  // `files` must outlive it.
  static Result<std::unique_ptr<Graph>> Create(CompiledFiles* files, const Signature& signature);

  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // In messages: "models/tiny/decoder.tflite: signature decode_10s".
  std::string label() const;

  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }

  // A buffer for one of its inputs or outputs, as what it runs on wants it: the host's memory for
  // the CPU. kModel if it has no such tensor.
  Result<TensorBuffer> MakeBuffer(const TensorSpec& spec) const;

  // The buffers to run over; a name without a buffer, or a buffer of another size, is kModel.
  // The buffers must outlive the graph.
  Result<Binding> MakeBinding(const BufferMap& buffers) const;

  // Fixes the buffers that Run() runs over.
  Result<void> Bind(const BufferMap& buffers);

  // Runs over the bound buffers.
  Result<void> Run() { return Run(binding_); }

  // Runs over others.
  Result<void> Run(const Binding& binding);

 private:
  Graph(CompiledFiles* files, std::string signature, bool npu)
      : files_(files), runtime_(files->runtime()), signature_(std::move(signature)), npu_(npu) {}

  Result<void> FindSignature();
  Result<void> ReadSpecs(LiteRtSignature signature);
  Result<void> RunOnce(const Binding& binding);

  CompiledFiles* files_;
  std::shared_ptr<const LiteRtRuntime> runtime_;
  std::shared_ptr<const CompiledFile> file_;  // null where a function computes
  std::string signature_;
  bool npu_;
  size_t signature_index_ = 0;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  Binding binding_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_GRAPH_H_
