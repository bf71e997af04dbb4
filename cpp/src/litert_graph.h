// RAII over LiteRT: the loaded runtime, tensor buffers, and a compiled file's signatures.

#ifndef SOTTO_LITERT_GRAPH_H_
#define SOTTO_LITERT_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "litert_api.h"
#include "sotto/bundle.h"
#include "sotto/error.h"
#include "weight_cache.h"

namespace sotto {

class CompiledFile;

// The library and one environment; shared by every graph made from it.
class LiteRtRuntime : public std::enable_shared_from_this<LiteRtRuntime> {
 public:
  // `library_path` as in LiteRtApi::Load, `weight_cache` as in WeightCache.
  static Result<std::shared_ptr<const LiteRtRuntime>> Create(const std::string& library_path,
                                                             const std::string& weight_cache = "");

  ~LiteRtRuntime();
  LiteRtRuntime(const LiteRtRuntime&) = delete;
  LiteRtRuntime& operator=(const LiteRtRuntime&) = delete;

  const LiteRtApi& api() const { return *api_; }
  LiteRtEnvironment environment() const { return environment_; }
  const WeightCache& weight_cache() const { return weight_cache_; }

  // The .tflite file at `path`, which has this sha256, for all graphs that run its signatures:
  // compiled when first asked for, for `threads` >= 1, and anew once no graph is left. kModel if
  // it is no model.
  Result<std::shared_ptr<const CompiledFile>> Compiled(const std::string& path,
                                                       const std::string& sha256,
                                                       int threads) const;

 private:
  LiteRtRuntime(std::shared_ptr<const LiteRtApi> api, const std::string& weight_cache)
      : api_(std::move(api)), weight_cache_(weight_cache, api_->Path()) {}

  std::shared_ptr<const LiteRtApi> api_;
  WeightCache weight_cache_;
  LiteRtEnvironment environment_ = nullptr;
  mutable std::mutex mutex_;  // over what follows
  mutable std::map<std::pair<std::string, int>, std::weak_ptr<const CompiledFile>> files_;
};

// A .tflite file with every signature compiled for this machine. All of them at once: they have
// the same weights, which XNNPACK then packs and maps once, and working memory as large as the
// largest one's.
class CompiledFile {
 public:
  // As LiteRtRuntime::Compiled, which shares it.
  static Result<std::shared_ptr<const CompiledFile>> Create(
      std::shared_ptr<const LiteRtRuntime> runtime, const std::string& path,
      const std::string& sha256, int threads);

  ~CompiledFile();
  CompiledFile(const CompiledFile&) = delete;
  CompiledFile& operator=(const CompiledFile&) = delete;

  const std::string& path() const { return path_; }
  LiteRtModel model() const { return model_; }
  LiteRtCompiledModel handle() const { return compiled_; }

 private:
  CompiledFile(std::shared_ptr<const LiteRtRuntime> runtime, std::string path)
      : runtime_(std::move(runtime)), path_(std::move(path)) {}

  Result<void> Compile(const std::string& sha256, int threads);
  Result<void> CompileWith(int threads, const std::string& weights);

  std::shared_ptr<const LiteRtRuntime> runtime_;
  std::string path_;
  LiteRtModel model_ = nullptr;
  LiteRtCompiledModel compiled_ = nullptr;
};

// Host memory that graphs read and write in place; zero when made.
class TensorBuffer {
 public:
  static Result<TensorBuffer> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                     const TensorSpec& spec);

  ~TensorBuffer();
  TensorBuffer(TensorBuffer&& other) noexcept;
  TensorBuffer& operator=(TensorBuffer&& other) noexcept;

  float* data() { return data_; }
  const float* data() const { return data_; }
  size_t elements() const { return elements_; }
  LiteRtTensorBuffer handle() const { return handle_; }

 private:
  TensorBuffer() = default;

  std::shared_ptr<const LiteRtRuntime> runtime_;
  LiteRtTensorBuffer handle_ = nullptr;
  float* data_ = nullptr;
  size_t elements_ = 0;
};

// Buffers by tensor name. One buffer may stand under several names and in several maps: the
// encoder's outputs are the decoder's inputs.
using BufferMap = std::map<std::string, TensorBuffer*>;

// One signature of a .tflite file. Not for several threads at once, nor while another graph of the
// same runtime and file runs.
class Graph {
 public:
  // The buffers of every input and output, in the signature's order.
  struct Binding {
    std::vector<LiteRtTensorBuffer> inputs;
    std::vector<LiteRtTensorBuffer> outputs;
  };

  // `threads` >= 1. kModel if the file is not a model, has no such signature, or holds tensors
  // that are not static float32; kBundle if its tensors are not those of `signature`.
  static Result<std::unique_ptr<Graph>> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                               const Signature& signature, int threads);

  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }

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
  Graph(std::shared_ptr<const LiteRtRuntime> runtime, std::shared_ptr<const CompiledFile> file,
        std::string signature)
      : runtime_(std::move(runtime)), file_(std::move(file)), signature_(std::move(signature)) {}

  Result<void> FindSignature();
  Result<void> ReadSpecs(LiteRtSignature signature);

  std::shared_ptr<const LiteRtRuntime> runtime_;
  std::shared_ptr<const CompiledFile> file_;
  std::string signature_;
  size_t signature_index_ = 0;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  Binding binding_;
};

}  // namespace sotto

#endif  // SOTTO_LITERT_GRAPH_H_
