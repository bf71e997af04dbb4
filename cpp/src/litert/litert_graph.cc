#include "litert/litert_graph.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sotto {
namespace {

// Whether both list the same names with the same shapes, in whatever order.
bool SameTensors(std::vector<TensorSpec> a, std::vector<TensorSpec> b) {
  const auto by_name = [](const TensorSpec& x, const TensorSpec& y) { return x.name < y.name; };
  std::sort(a.begin(), a.end(), by_name);
  std::sort(b.begin(), b.end(), by_name);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const TensorSpec& x, const TensorSpec& y) {
                      return x.name == y.name && x.shape == y.shape;
                    });
}

}  // namespace

Result<std::unique_ptr<Graph>> Graph::Create(CompiledFiles* files, const Signature& signature) {
  std::unique_ptr<Graph> graph(new Graph(files, signature.name, signature.npu));
  if (files->function()) {
    graph->inputs_ = signature.inputs;
    graph->outputs_ = signature.outputs;
    return graph;
  }
  SOTTO_ASSIGN_OR_RETURN(graph->file_, files->FileOf(signature));
  SOTTO_RETURN_IF_ERROR(graph->FindSignature());
  if (!SameTensors(graph->inputs_, signature.inputs) ||
      !SameTensors(graph->outputs_, signature.outputs)) {
    return Error{ErrorCode::kBundle, graph->label() + " has other tensors than its manifest says"};
  }
  return graph;
}

std::string Graph::label() const {
  const std::string signature = "signature " + signature_;
  return file_ == nullptr ? signature : file_->label() + ": " + signature;
}

Result<void> Graph::FindSignature() {
  const LiteRtApi& api = runtime_->api();
  size_t count = 0;
  api.LiteRtGetNumModelSignatures(file_->model(), &count);
  std::string names;
  for (size_t i = 0; i < count; ++i) {
    LiteRtSignature candidate = nullptr;
    const char* key = nullptr;
    if (api.LiteRtGetModelSignature(file_->model(), i, &candidate) != kLiteRtStatusOk ||
        api.LiteRtGetSignatureKey(candidate, &key) != kLiteRtStatusOk) {
      continue;
    }
    if (signature_ == key) {
      signature_index_ = i;
      return ReadSpecs(candidate);
    }
    names += (names.empty() ? "" : ", ") + std::string(key);
  }
  return Error{ErrorCode::kModel, file_->label() + " has no signature " + signature_ +
                                      ", only: " + (names.empty() ? "none" : names)};
}

Result<void> Graph::ReadSpecs(LiteRtSignature signature) {
  const LiteRtApi& api = runtime_->api();
  const auto read = [&](bool input, std::vector<TensorSpec>* specs) -> Result<void> {
    size_t count = 0;
    input ? api.LiteRtGetNumSignatureInputs(signature, &count)
          : api.LiteRtGetNumSignatureOutputs(signature, &count);
    for (size_t i = 0; i < count; ++i) {
      const char* name = nullptr;
      LiteRtTensor tensor = nullptr;
      LiteRtRankedTensorType type{};
      const bool found =
          (input ? api.LiteRtGetSignatureInputName(signature, i, &name)
                 : api.LiteRtGetSignatureOutputName(signature, i, &name)) == kLiteRtStatusOk &&
          (input ? api.LiteRtGetSignatureInputTensorByIndex(signature, i, &tensor)
                 : api.LiteRtGetSignatureOutputTensorByIndex(signature, i, &tensor)) ==
              kLiteRtStatusOk &&
          api.LiteRtGetRankedTensorType(tensor, &type) == kLiteRtStatusOk;
      if (!found) {
        return Error{ErrorCode::kModel,
                     label() + ": tensor " + std::to_string(i) + " can't be read"};
      }
      TensorSpec spec{name, {}};
      bool supported = type.element_type == kLiteRtElementTypeFloat32 &&
                       type.layout.rank <= static_cast<unsigned int>(kLiteRtMaxRank);
      for (unsigned int d = 0; supported && d < type.layout.rank; ++d) {
        supported = type.layout.dimensions[d] > 0;
        spec.shape.push_back(type.layout.dimensions[d]);
      }
      if (!supported) {
        return Error{ErrorCode::kModel,
                     label() + ": tensor " + spec.name + " is not float32 of a static shape"};
      }
      specs->push_back(std::move(spec));
    }
    return {};
  };
  SOTTO_RETURN_IF_ERROR(read(/*input=*/true, &inputs_));
  return read(/*input=*/false, &outputs_);
}

Result<TensorBuffer> Graph::MakeBuffer(const TensorSpec& spec) const {
  if (!npu_) return TensorBuffer::Create(runtime_, spec);
  const LiteRtApi& api = runtime_->api();
  const auto named = [&](const TensorSpec& one) { return one.name == spec.name; };
  for (const bool input : {true, false}) {
    const std::vector<TensorSpec>& specs = input ? inputs_ : outputs_;
    const auto found = std::find_if(specs.begin(), specs.end(), named);
    if (found == specs.end()) continue;
    const auto index = static_cast<size_t>(found - specs.begin());
    LiteRtTensorBufferRequirements requirements = nullptr;
    const LiteRtStatus status = (input ? api.LiteRtGetCompiledModelInputBufferRequirements
                                       : api.LiteRtGetCompiledModelOutputBufferRequirements)(
        file_->handle(), signature_index_, index, &requirements);
    if (status != kLiteRtStatusOk) {
      return LiteRtError(
          ErrorCode::kDevice,
          label() + ": what memory the NPU wants for tensor " + spec.name + " is not known",
          status);
    }
    return TensorBuffer::CreateFor(runtime_, spec, requirements);
  }
  return Error{ErrorCode::kModel, label() + " has no tensor " + spec.name};
}

Result<Graph::Binding> Graph::MakeBinding(const BufferMap& buffers) const {
  std::set<TensorBuffer*> device;
  const auto bind = [&](const std::vector<TensorSpec>& specs,
                        std::vector<LiteRtTensorBuffer>* handles,
                        std::vector<GraphTensor>* tensors) -> Result<void> {
    for (const TensorSpec& spec : specs) {
      const auto buffer = buffers.find(spec.name);
      if (buffer == buffers.end() || buffer->second->elements() != spec.elements()) {
        return Error{ErrorCode::kModel, label() + ": tensor " + spec.name + " " +
                                            ShapeText(spec.shape) + " has no buffer of its size"};
      }
      if (files_->function()) {
        tensors->push_back({&spec, buffer->second->data()});
        continue;
      }
      handles->push_back(buffer->second->handle());
      if (buffer->second->on_device()) device.insert(buffer->second);
    }
    return {};
  };
  Binding binding;
  SOTTO_RETURN_IF_ERROR(bind(inputs_, &binding.inputs, &binding.read));
  SOTTO_RETURN_IF_ERROR(bind(outputs_, &binding.outputs, &binding.written));
  binding.device.assign(device.begin(), device.end());
  return binding;
}

Result<void> Graph::Bind(const BufferMap& buffers) {
  SOTTO_ASSIGN_OR_RETURN(binding_, MakeBinding(buffers));
  return {};
}

Result<void> Graph::Run(const Binding& binding) {
  for (TensorBuffer* buffer : binding.device) SOTTO_RETURN_IF_ERROR(buffer->HandOver());
  Result<void> done = RunOnce(binding);
  for (TensorBuffer* buffer : binding.device) {
    Result<void> back = buffer->TakeBack();
    if (done.ok()) done = std::move(back);
  }
  return done;
}

Result<void> Graph::RunOnce(const Binding& binding) {
  files_->CountRun();
  if (files_->function()) return files_->function()(signature_, binding.read, binding.written);
  // LiteRT takes arrays that it does not write.
  const LiteRtStatus status = runtime_->api().LiteRtRunCompiledModel(
      file_->handle(), signature_index_, binding.inputs.size(),
      const_cast<LiteRtTensorBuffer*>(binding.inputs.data()), binding.outputs.size(),
      const_cast<LiteRtTensorBuffer*>(binding.outputs.data()));
  if (status == kLiteRtStatusOk) return {};
  const std::string what = label() + " failed";
  const std::string fault = npu_ ? runtime_->dispatch()->Fault() : "";
  if (!fault.empty()) return Error{ErrorCode::kModel, what + ": " + fault};
  return LiteRtError(ErrorCode::kModel, what, status);
}

}  // namespace sotto
