// A bundle's windows: which one audio gets, and their graphs, loaded when they are first used.

#ifndef SOTTO_SRC_WHISPER_LOADED_WINDOWS_H_
#define SOTTO_SRC_WHISPER_LOADED_WINDOWS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "litert/litert_graph.h"
#include "sotto/error.h"
#include "whisper/alignment_graph.h"
#include "whisper/encoder_pool.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"

namespace sotto {

// The window of `seconds`; 0: the longest there is.
const Window& LongestWindow(const WhisperBundle& bundle, int seconds);

// The shortest window that holds `frames` of audio with a margin, or the longest.
const Window& FittingWindow(const WhisperBundle& bundle, size_t frames);

// Not for several threads at once.
class LoadedWindows {
 public:
  // threads: of the CPU's kernels. `encoders`, `bundle` and `tables` must outlive it.
  LoadedWindows(std::shared_ptr<const LiteRtRuntime> runtime, int threads,
                const EncoderPool& encoders, const WhisperBundle& bundle,
                const WhisperTables& tables);

  // Of one of the bundle's windows.
  Result<WhisperGraphs*> Graphs(const Window& window);

  // Over the buffers of that window's graphs. It must have an alignment.
  Result<AlignmentGraph*> Alignment(const Window& window);

  // What all of them did so far.
  GraphCounters counters() const;

  // Graphs run so far, of any kind. Safe to ask from any thread.
  int64_t graph_runs() const { return files_.runs(); }

 private:
  CompiledFiles files_;  // of decoders
  const EncoderPool& encoders_;
  const WhisperBundle& bundle_;
  const WhisperTables& tables_;
  std::map<int, std::unique_ptr<WhisperGraphs>> graphs_;       // by seconds
  std::map<int, std::unique_ptr<AlignmentGraph>> alignments_;  // destroyed before the graphs
  double alignment_load_ms_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_LOADED_WINDOWS_H_
