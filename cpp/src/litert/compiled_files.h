// The compiled files of one session.

#ifndef SOTTO_SRC_LITERT_COMPILED_FILES_H_
#define SOTTO_SRC_LITERT_COMPILED_FILES_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bundle/bundle_parts.h"
#include "litert/graph_function.h"
#include "litert/litert_runtime.h"
#include "sotto/bundle_files.h"
#include "sotto/error.h"

namespace sotto {

// LiteRT runs one signature of a compiled file at a time, and its working memory is the file's. So
// each session compiles its own, whose packed weights are those of every other session's. Not for
// several threads at once.
class CompiledFiles {
 public:
  // threads: of each file's CPU kernels, 1 or more.
  CompiledFiles(std::shared_ptr<const LiteRtRuntime> runtime, int threads)
      : runtime_(std::move(runtime)), threads_(threads) {}

  // Of graphs that `function` computes: nothing is compiled, and LiteRT is not there.
  explicit CompiledFiles(GraphFunction function) : function_(std::move(function)), threads_(1) {}

  // Null where a function computes.
  const std::shared_ptr<const LiteRtRuntime>& runtime() const { return runtime_; }

  // Null where LiteRT computes.
  const GraphFunction& function() const { return function_; }

  // The file of `signature`, compiled when first asked for. Errors as CompiledFile::Create.
  Result<std::shared_ptr<const CompiledFile>> FileOf(const Signature& signature);

  // How often a signature of them was run. Safe to ask from any thread.
  int64_t runs() const { return runs_; }
  void CountRun() { ++runs_; }

 private:
  const std::shared_ptr<const LiteRtRuntime> runtime_;
  const GraphFunction function_;
  const int threads_;
  std::atomic<int64_t> runs_{0};
  std::map<std::shared_ptr<const FileView>, std::shared_ptr<const CompiledFile>> files_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_COMPILED_FILES_H_
