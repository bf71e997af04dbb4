#include "whisper/loaded_windows.h"

#include <utility>

#include "base/stopwatch.h"

namespace sotto {
namespace {

// Cropped closer to the end of speech, Whisper invents words.
constexpr size_t kMargin = 100;  // log-mel frames, 1 s

}  // namespace

const Window& LongestWindow(const WhisperBundle& bundle, int seconds) {
  for (const Window& window : bundle.windows) {
    if (window.seconds == seconds) return window;
  }
  return bundle.windows.back();
}

const Window& FittingWindow(const WhisperBundle& bundle, size_t frames) {
  for (const Window& window : bundle.windows) {
    if (frames + kMargin <= window.frames) return window;
  }
  return bundle.windows.back();
}

LoadedWindows::LoadedWindows(std::shared_ptr<const LiteRtRuntime> runtime, int threads,
                             const EncoderPool& encoders, const WhisperBundle& bundle,
                             const WhisperTables& tables)
    : files_(std::move(runtime), threads), encoders_(encoders), bundle_(bundle), tables_(tables) {}

Result<WhisperGraphs*> LoadedWindows::Graphs(const Window& window) {
  std::unique_ptr<WhisperGraphs>& graphs = graphs_[window.seconds];
  if (graphs == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(graphs,
                           WhisperGraphs::Create(&files_, encoders_, bundle_, window, tables_));
  }
  return graphs.get();
}

Result<AlignmentGraph*> LoadedWindows::Alignment(const Window& window) {
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, Graphs(window));
  std::unique_ptr<AlignmentGraph>& alignment = alignments_[window.seconds];
  if (alignment == nullptr) {
    const Stopwatch watch;
    SOTTO_ASSIGN_OR_RETURN(alignment,
                           AlignmentGraph::Create(&files_, bundle_, window, graphs->decoder()));
    alignment_load_ms_ += watch.Milliseconds();
  }
  return alignment.get();
}

GraphCounters LoadedWindows::counters() const {
  GraphCounters sum;
  sum.load_ms = alignment_load_ms_;
  for (const auto& [seconds, graphs] : graphs_) {
    if (graphs == nullptr) continue;  // it could not be loaded
    sum += graphs->counters();
  }
  return sum;
}

}  // namespace sotto
