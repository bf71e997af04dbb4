// An encoder's graphs, for as many threads as come.

#ifndef SOTTO_SRC_EMBED_ENCODER_GRAPHS_H_
#define SOTTO_SRC_EMBED_ENCODER_GRAPHS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/idle_pool.h"
#include "bundle/bundle_parts.h"
#include "litert/bound_graph.h"
#include "litert/compiled_files.h"
#include "sotto/error.h"

namespace sotto {

// One session of an encoder: a graph of each of its sizes, loaded when first used. Not for several
// threads at once.
class EncoderGraphs {
 public:
  // count: of the sizes. threads: of the CPU's kernels.
  EncoderGraphs(std::shared_ptr<const LiteRtRuntime> runtime, int threads, size_t count)
      : files_(std::move(runtime), threads), graphs_(count) {}

  // Of size `index`, which `signature` is. Errors as Graph::Create.
  Result<BoundGraph*> Graph(size_t index, const Signature& signature) {
    if (graphs_[index] == nullptr) {
      SOTTO_ASSIGN_OR_RETURN(graphs_[index], BoundGraph::Create(&files_, signature));
    }
    return graphs_[index].get();
  }

 private:
  CompiledFiles files_;
  std::vector<std::unique_ptr<BoundGraph>> graphs_;
};

// The sessions of an encoder: as many as calls at once, of which a few are kept when idle. For any
// number of threads; no call waits for another.
class EncoderSessions {
 public:
  EncoderSessions(std::shared_ptr<const LiteRtRuntime> runtime, int threads, size_t count)
      : runtime_(std::move(runtime)), threads_(threads), count_(count) {}

  // call(EncoderGraphs*), whose result it returns.
  template <typename Call>
  auto With(const Call& call) const {
    std::unique_ptr<EncoderGraphs> graphs = idle_.Take();
    if (graphs == nullptr) {
      graphs = std::make_unique<EncoderGraphs>(runtime_, threads_, count_);
    }
    auto result = call(graphs.get());
    idle_.Give(std::move(graphs));
    return result;
  }

  // Runs the smallest size, `signature`, over whatever its inputs hold.
  Result<void> Try(const Signature& signature) const {
    return With([&](EncoderGraphs* graphs) -> Result<void> {
      SOTTO_ASSIGN_OR_RETURN(BoundGraph * graph, graphs->Graph(0, signature));
      return graph->Run();
    });
  }

  // Frees idle ones, and each that is at work when it is done.
  void Close() const { idle_.Close(); }

 private:
  static constexpr size_t kMaxIdle = 4;

  const std::shared_ptr<const LiteRtRuntime> runtime_;
  const int threads_;
  const size_t count_;
  mutable IdlePool<EncoderGraphs> idle_{kMaxIdle};
};

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_ENCODER_GRAPHS_H_
