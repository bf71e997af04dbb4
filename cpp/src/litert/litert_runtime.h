// RAII over LiteRT: the loaded library with its environment, and compiled files.

#ifndef SOTTO_SRC_LITERT_LITERT_RUNTIME_H_
#define SOTTO_SRC_LITERT_LITERT_RUNTIME_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bundle/bundle_parts.h"
#include "litert/litert_api.h"
#include "litert/litert_dispatch.h"
#include "litert/weight_cache.h"
#include "sotto/error.h"

namespace sotto {

// The library and one environment: immutable, shared by the graphs of any number of sessions.
class LiteRtRuntime {
 public:
  // `library_path` as in LiteRtApi::Load, `weight_cache` as in WeightCache.
  static Result<std::shared_ptr<const LiteRtRuntime>> Create(const std::string& library_path,
                                                             const std::string& weight_cache = "");

  // With an NPU beside the CPU. LiteRT loads one dispatch library a process, and tells only the
  // environment that first uses it about its buffers: so there is one such environment, which
  // lasts as long as the process, and another library is kDevice from then on. `quiet`: LiteRT
  // prints no errors, as what goes wrong is not the end; the first of them decides.
  static Result<std::shared_ptr<const LiteRtRuntime>> CreateWithNpu(const std::string& library_path,
                                                                    const std::string& weight_cache,
                                                                    const DispatchLibrary& dispatch,
                                                                    bool quiet);

  ~LiteRtRuntime();
  LiteRtRuntime(const LiteRtRuntime&) = delete;
  LiteRtRuntime& operator=(const LiteRtRuntime&) = delete;

  const LiteRtApi& api() const { return *api_; }
  LiteRtEnvironment environment() const { return environment_; }
  const WeightCache& weight_cache() const { return weight_cache_; }
  const std::optional<DispatchLibrary>& dispatch() const { return dispatch_; }

 private:
  LiteRtRuntime(std::shared_ptr<const LiteRtApi> api, const std::string& weight_cache)
      : api_(std::move(api)), weight_cache_(weight_cache, api_->Path()) {}

  std::shared_ptr<const LiteRtApi> api_;
  WeightCache weight_cache_;
  std::optional<DispatchLibrary> dispatch_;
  LiteRtEnvironment environment_ = nullptr;
  bool owns_environment_ = true;
};

// A .tflite file with every signature compiled for this machine, or loaded into its NPU. All of
// them at once: they have the same weights, which XNNPACK then packs and maps once, and working
// memory as large as the largest one's.
class CompiledFile {
 public:
  // For `threads` >= 1. kModel if it is no model, kDevice if the NPU does not take it.
  static Result<std::shared_ptr<const CompiledFile>> Create(
      std::shared_ptr<const LiteRtRuntime> runtime, const Signature& signature, int threads);

  ~CompiledFile();
  CompiledFile(const CompiledFile&) = delete;
  CompiledFile& operator=(const CompiledFile&) = delete;

  const std::string& label() const { return file_->label(); }
  LiteRtModel model() const { return model_; }
  LiteRtCompiledModel handle() const { return compiled_; }

 private:
  CompiledFile(std::shared_ptr<const LiteRtRuntime> runtime, std::shared_ptr<const FileView> file)
      : runtime_(std::move(runtime)), file_(std::move(file)) {}

  Result<void> Compile(int threads);
  Result<void> CompileOver(int packed, int threads);
  Result<void> LoadIntoNpu();
  Result<LiteRtStatus> CompileFor(int accelerator, const std::string& xnnpack);
  void Release();  // what was compiled

  std::shared_ptr<const LiteRtRuntime> runtime_;
  const std::shared_ptr<const FileView> file_;  // whose bytes the model reads
  std::shared_ptr<PackedWeights> weights_;      // null on the NPU; shared as long as this runs
  LiteRtModel model_ = nullptr;
  LiteRtCompiledModel compiled_ = nullptr;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_RUNTIME_H_
