#include "litert_graph.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sotto {
namespace {

// XNNPACK may read this far past a buffer's end.
constexpr size_t kReadAhead = 64;

// XNNPACK's name for a cache that is no file: packed weights are shared, but not kept.
constexpr const char* kWeightsInMemory = "\":memory\"";

// LiteRT takes an option group as an identifier and a TOML text, which it frees itself.
Result<void> AddOptions(const LiteRtApi& api, LiteRtOptions options, const char* identifier,
                        const std::string& toml) {
  char* payload = strdup(toml.c_str());
  if (payload == nullptr) return Error{ErrorCode::kDevice, "out of memory"};
  LiteRtOpaqueOptions opaque = nullptr;
  LiteRtStatus status = api.LiteRtCreateOpaqueOptions(identifier, payload, std::free, &opaque);
  if (status != kLiteRtStatusOk) {
    std::free(payload);
    return LiteRtError(ErrorCode::kDevice, "can't make LiteRT options", status);
  }
  status = api.LiteRtAddOpaqueOptions(options, opaque);
  if (status != kLiteRtStatusOk) {
    api.LiteRtDestroyOpaqueOptions(opaque);
    return LiteRtError(ErrorCode::kDevice, "can't set LiteRT options", status);
  }
  return {};
}

LiteRtEnvOption IntOption(LiteRtEnvOptionTag tag, int64_t value) {
  LiteRtEnvOption option{};
  option.tag = tag;
  option.value.type = kLiteRtAnyTypeInt;
  option.value.int_value = value;
  return option;
}

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

Result<std::shared_ptr<const LiteRtRuntime>> LiteRtRuntime::Create(
    const std::string& library_path, const std::string& weight_cache) {
  SOTTO_ASSIGN_OR_RETURN(auto api, LiteRtApi::Load(library_path));
  std::shared_ptr<LiteRtRuntime> runtime(new LiteRtRuntime(std::move(api), weight_cache));
  const LiteRtEnvOption options[] = {
      // Nothing but the CPU is used yet; probing for GPUs loads drivers and prints.
      IntOption(kLiteRtEnvOptionTagAutoRegisterAccelerators, kLiteRtHwAcceleratorCpu),
      IntOption(kLiteRtEnvOptionTagMinLoggerSeverity, kLiteRtLogSeverityError),
  };
  const LiteRtStatus status =
      runtime->api_->LiteRtCreateEnvironment(2, options, &runtime->environment_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't start LiteRT", status);
  }
  return std::shared_ptr<const LiteRtRuntime>(std::move(runtime));
}

LiteRtRuntime::~LiteRtRuntime() {
  if (environment_ != nullptr) api_->LiteRtDestroyEnvironment(environment_);
}

Result<std::shared_ptr<const CompiledFile>> LiteRtRuntime::Compiled(const std::string& path,
                                                                    const std::string& sha256,
                                                                    int threads) const {
  const std::lock_guard<std::mutex> turn(mutex_);
  std::weak_ptr<const CompiledFile>& known = files_[{path, threads}];
  std::shared_ptr<const CompiledFile> file = known.lock();
  if (file == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(file, CompiledFile::Create(shared_from_this(), path, sha256, threads));
    known = file;
  }
  return file;
}

Result<std::shared_ptr<const CompiledFile>> CompiledFile::Create(
    std::shared_ptr<const LiteRtRuntime> runtime, const std::string& path,
    const std::string& sha256, int threads) {
  std::shared_ptr<CompiledFile> file(new CompiledFile(std::move(runtime), path));
  const LiteRtStatus status = file->runtime_->api().LiteRtCreateModelFromFile(
      file->runtime_->environment(), path.c_str(), &file->model_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kModel, path + " can't be read as a TFLite model", status);
  }
  SOTTO_RETURN_IF_ERROR(file->Compile(sha256, threads));
  return std::shared_ptr<const CompiledFile>(std::move(file));
}

// With the packed weights of an earlier run where there are any, else keeping them for the next.
Result<void> CompiledFile::Compile(const std::string& sha256, int threads) {
  WeightCache::Entry entry = runtime_->weight_cache().Find(sha256);
  if (entry.usable()) {
    if (CompileWith(threads, entry.quoted_path()).ok()) {
      entry.Keep();
      return {};
    }
    entry.Discard();
  }
  return CompileWith(threads, kWeightsInMemory);
}

Result<void> CompiledFile::CompileWith(int threads, const std::string& weights) {
  const LiteRtApi& api = runtime_->api();
  LiteRtOptions options = nullptr;
  LiteRtStatus status = api.LiteRtCreateOptions(&options);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't make LiteRT options", status);
  }
  const std::unique_ptr<LiteRtOptionsT, void (*)(LiteRtOptions)> owned(options,
                                                                       api.LiteRtDestroyOptions);
  api.LiteRtSetOptionsHardwareAccelerators(options, kLiteRtHwAcceleratorCpu);
  SOTTO_RETURN_IF_ERROR(AddOptions(
      api, options, "xnnpack",
      "num_threads = " + std::to_string(threads) + "\nweight_cache_file_path = " + weights + "\n"));
  status = api.LiteRtCreateCompiledModel(runtime_->environment(), model_, options, &compiled_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kModel, path_ + " won't compile", status);
  }
  return {};
}

CompiledFile::~CompiledFile() {
  const LiteRtApi& api = runtime_->api();
  if (compiled_ != nullptr) api.LiteRtDestroyCompiledModel(compiled_);
  if (model_ != nullptr) api.LiteRtDestroyModel(model_);
}

Result<TensorBuffer> TensorBuffer::Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                          const TensorSpec& spec) {
  TensorBuffer buffer;
  buffer.runtime_ = std::move(runtime);
  buffer.elements_ = spec.elements();
  const size_t bytes = buffer.elements_ * sizeof(float);
  const size_t padded = (bytes + kReadAhead + kLiteRtHostMemoryAlignment - 1) /
                        kLiteRtHostMemoryAlignment * kLiteRtHostMemoryAlignment;
  buffer.data_ = static_cast<float*>(std::aligned_alloc(kLiteRtHostMemoryAlignment, padded));
  if (buffer.data_ == nullptr) {
    return Error{ErrorCode::kDevice, "out of memory: " + spec.name + " " + ShapeText(spec.shape) +
                                         " needs " + std::to_string(padded) + " bytes"};
  }
  std::memset(buffer.data_, 0, padded);
  LiteRtRankedTensorType type{};
  type.element_type = kLiteRtElementTypeFloat32;
  type.layout.rank = static_cast<unsigned int>(spec.shape.size());
  for (size_t i = 0; i < spec.shape.size(); ++i) type.layout.dimensions[i] = spec.shape[i];
  const LiteRtApi& api = buffer.runtime_->api();
  const LiteRtStatus status = api.LiteRtCreateTensorBufferFromHostMemory(&type, buffer.data_, bytes,
                                                                         nullptr, &buffer.handle_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't make a tensor buffer for " + spec.name, status);
  }
  return buffer;
}

TensorBuffer::~TensorBuffer() {
  if (handle_ != nullptr) runtime_->api().LiteRtDestroyTensorBuffer(handle_);
  std::free(data_);
}

TensorBuffer::TensorBuffer(TensorBuffer&& other) noexcept { *this = std::move(other); }

TensorBuffer& TensorBuffer::operator=(TensorBuffer&& other) noexcept {
  std::swap(runtime_, other.runtime_);
  std::swap(handle_, other.handle_);
  std::swap(data_, other.data_);
  std::swap(elements_, other.elements_);
  return *this;
}

Result<std::unique_ptr<Graph>> Graph::Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                             const Signature& signature, int threads) {
  SOTTO_ASSIGN_OR_RETURN(auto file, runtime->Compiled(signature.file, signature.sha256, threads));
  std::unique_ptr<Graph> graph(new Graph(std::move(runtime), std::move(file), signature.name));
  SOTTO_RETURN_IF_ERROR(graph->FindSignature());
  if (!SameTensors(graph->inputs_, signature.inputs) ||
      !SameTensors(graph->outputs_, signature.outputs)) {
    return Error{ErrorCode::kBundle, signature.file + ": signature " + signature.name +
                                         " has other tensors than its manifest says"};
  }
  return graph;
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
  return Error{ErrorCode::kModel, file_->path() + " has no signature " + signature_ +
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
        return Error{ErrorCode::kModel, file_->path() + ": signature " + signature_ + ": tensor " +
                                            std::to_string(i) + " can't be read"};
      }
      TensorSpec spec{name, {}};
      bool supported = type.element_type == kLiteRtElementTypeFloat32 &&
                       type.layout.rank <= static_cast<unsigned int>(kLiteRtMaxRank);
      for (unsigned int d = 0; supported && d < type.layout.rank; ++d) {
        supported = type.layout.dimensions[d] > 0;
        spec.shape.push_back(type.layout.dimensions[d]);
      }
      if (!supported) {
        return Error{ErrorCode::kModel, file_->path() + ": signature " + signature_ + ": tensor " +
                                            spec.name + " is not float32 of a static shape"};
      }
      specs->push_back(std::move(spec));
    }
    return {};
  };
  SOTTO_RETURN_IF_ERROR(read(/*input=*/true, &inputs_));
  return read(/*input=*/false, &outputs_);
}

Result<Graph::Binding> Graph::MakeBinding(const BufferMap& buffers) const {
  const auto handles = [&](const std::vector<TensorSpec>& specs,
                           std::vector<LiteRtTensorBuffer>* found) -> Result<void> {
    for (const TensorSpec& spec : specs) {
      const auto buffer = buffers.find(spec.name);
      if (buffer == buffers.end() || buffer->second->elements() != spec.elements()) {
        return Error{ErrorCode::kModel, file_->path() + ": signature " + signature_ + ": tensor " +
                                            spec.name + " " + ShapeText(spec.shape) +
                                            " has no buffer of its size"};
      }
      found->push_back(buffer->second->handle());
    }
    return {};
  };
  Binding binding;
  SOTTO_RETURN_IF_ERROR(handles(inputs_, &binding.inputs));
  SOTTO_RETURN_IF_ERROR(handles(outputs_, &binding.outputs));
  return binding;
}

Result<void> Graph::Bind(const BufferMap& buffers) {
  SOTTO_ASSIGN_OR_RETURN(binding_, MakeBinding(buffers));
  return {};
}

Result<void> Graph::Run(const Binding& binding) {
  // LiteRT takes arrays that it does not write.
  const LiteRtStatus status = runtime_->api().LiteRtRunCompiledModel(
      file_->handle(), signature_index_, binding.inputs.size(),
      const_cast<LiteRtTensorBuffer*>(binding.inputs.data()), binding.outputs.size(),
      const_cast<LiteRtTensorBuffer*>(binding.outputs.data()));
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kModel, file_->path() + ": signature " + signature_ + " failed",
                       status);
  }
  return {};
}

}  // namespace sotto
