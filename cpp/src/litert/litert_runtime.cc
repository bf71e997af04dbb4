#include "litert/litert_runtime.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "litert/quiet_compile.h"
#include "tflite/verify_model.h"

namespace sotto {
namespace {

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

LiteRtEnvOption TextOption(LiteRtEnvOptionTag tag, const std::string& value) {
  LiteRtEnvOption option{};
  option.tag = tag;
  option.value.type = kLiteRtAnyTypeString;
  option.value.str_value = value.c_str();
  return option;
}

// The one environment of this process, and of LiteRT's library, that has an NPU.
Result<LiteRtEnvironment> NpuEnvironment(const LiteRtApi& api, const DispatchLibrary& dispatch,
                                         bool quiet) {
  struct First {
    LiteRtEnvironment environment;
    std::string dispatch;
  };
  static std::mutex mutex;
  static auto* all = new std::map<std::string, First>;  // by library; outlives every destructor
  const std::lock_guard<std::mutex> turn(mutex);
  const auto first = all->find(api.Path());
  if (first != all->end()) {
    if (first->second.dispatch == dispatch.path()) return first->second.environment;
    return Error{ErrorCode::kDevice, "this process drives the NPU with " + first->second.dispatch +
                                         ", and LiteRT takes no second dispatch library: start "
                                         "another process for " +
                                         dispatch.path()};
  }
  const int64_t severity = quiet ? kLiteRtLogSeveritySilent : kLiteRtLogSeverityError;
  const LiteRtEnvOption options[] = {
      IntOption(kLiteRtEnvOptionTagAutoRegisterAccelerators,
                kLiteRtHwAcceleratorCpu | kLiteRtHwAcceleratorNpu),
      IntOption(kLiteRtEnvOptionTagMinLoggerSeverity, severity),
      TextOption(kLiteRtEnvOptionTagDispatchLibraryDir, dispatch.folder()),
  };
  LiteRtEnvironment environment = nullptr;
  const LiteRtStatus status = api.LiteRtCreateEnvironment(3, options, &environment);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't start LiteRT for the NPU", status);
  }
  (*all)[api.Path()] = {environment, dispatch.path()};
  return environment;
}

}  // namespace

Result<std::shared_ptr<const LiteRtRuntime>> LiteRtRuntime::Create(
    const std::string& library_path, const std::string& weight_cache) {
  SOTTO_ASSIGN_OR_RETURN(auto api, LiteRtApi::Load(library_path));
  std::shared_ptr<LiteRtRuntime> runtime(new LiteRtRuntime(std::move(api), weight_cache));
  const LiteRtEnvOption options[] = {
      // Nothing but the CPU is used; probing for GPUs loads drivers and prints.
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

Result<std::shared_ptr<const LiteRtRuntime>> LiteRtRuntime::CreateWithNpu(
    const std::string& library_path, const std::string& weight_cache,
    const DispatchLibrary& dispatch, bool quiet) {
  SOTTO_ASSIGN_OR_RETURN(auto api, LiteRtApi::Load(library_path));
  std::shared_ptr<LiteRtRuntime> runtime(new LiteRtRuntime(std::move(api), weight_cache));
  SOTTO_ASSIGN_OR_RETURN(runtime->environment_, NpuEnvironment(*runtime->api_, dispatch, quiet));
  runtime->owns_environment_ = false;
  runtime->dispatch_ = dispatch;
  return std::shared_ptr<const LiteRtRuntime>(std::move(runtime));
}

LiteRtRuntime::~LiteRtRuntime() {
  if (owns_environment_ && environment_ != nullptr) api_->LiteRtDestroyEnvironment(environment_);
}

Result<std::shared_ptr<const CompiledFile>> CompiledFile::Create(
    std::shared_ptr<const LiteRtRuntime> runtime, const Signature& signature, int threads) {
  std::shared_ptr<CompiledFile> file(new CompiledFile(std::move(runtime), signature.file));
  SOTTO_RETURN_IF_ERROR(VerifyModel(file->label(), signature.file->data(), signature.file->size()));
  const LiteRtStatus status = file->runtime_->api().LiteRtCreateModelFromBuffer(
      file->runtime_->environment(), signature.file->data(), signature.file->size(), &file->model_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kModel, file->label() + " can't be read as a TFLite model",
                       status);
  }
  if (signature.npu) {
    SOTTO_RETURN_IF_ERROR(file->LoadIntoNpu());
  } else {
    // The hash is of the bytes that run, whether or not the bundle was verified.
    file->weights_ =
        file->runtime_->weight_cache().Of(signature.file->sha256(), signature.file->size());
    SOTTO_RETURN_IF_ERROR(file->Compile(threads));
  }
  return std::shared_ptr<const CompiledFile>(std::move(file));
}

Result<void> CompiledFile::Compile(int threads) {
  return weights_->Use([&](int packed) { return CompileOver(packed, threads); });
}

// `packed`: as PackedWeights::Compile.
Result<void> CompiledFile::CompileOver(int packed, int threads) {
  Release();
  std::string options = "num_threads = " + std::to_string(threads) + "\n";
  if (packed >= 0) options += "weight_cache_file_descriptor = " + std::to_string(packed) + "\n";
  const QuietCompile quiet;
  SOTTO_ASSIGN_OR_RETURN(const LiteRtStatus status, CompileFor(kLiteRtHwAcceleratorCpu, options));
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kModel, label() + " won't compile", status);
  }
  return {};
}

// On the NPU alone: with the CPU beside it, a file that was not compiled would run there unnoticed.
Result<void> CompiledFile::LoadIntoNpu() {
  static_cast<void>(runtime_->dispatch()->Fault());  // of another model
  SOTTO_ASSIGN_OR_RETURN(const LiteRtStatus status, CompileFor(kLiteRtHwAcceleratorNpu, ""));
  if (status == kLiteRtStatusOk) return {};
  const std::string fault = runtime_->dispatch()->Fault();
  const std::string what = label() + " can't be loaded into the NPU";
  if (!fault.empty()) return Error{ErrorCode::kDevice, what + ": " + fault};
  return LiteRtError(ErrorCode::kDevice, what, status);
}

Result<LiteRtStatus> CompiledFile::CompileFor(int accelerator, const std::string& xnnpack) {
  const LiteRtApi& api = runtime_->api();
  LiteRtOptions options = nullptr;
  const LiteRtStatus status = api.LiteRtCreateOptions(&options);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't make LiteRT options", status);
  }
  const std::unique_ptr<LiteRtOptionsT, void (*)(LiteRtOptions)> owned(options,
                                                                       api.LiteRtDestroyOptions);
  api.LiteRtSetOptionsHardwareAccelerators(options, accelerator);
  if (!xnnpack.empty()) SOTTO_RETURN_IF_ERROR(AddOptions(api, options, "xnnpack", xnnpack));
  return api.LiteRtCreateCompiledModel(runtime_->environment(), model_, options, &compiled_);
}

void CompiledFile::Release() {
  if (compiled_ != nullptr) runtime_->api().LiteRtDestroyCompiledModel(compiled_);
  compiled_ = nullptr;
}

CompiledFile::~CompiledFile() {
  Release();
  if (model_ != nullptr) runtime_->api().LiteRtDestroyModel(model_);
}

}  // namespace sotto
