#include "sotto/vad.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/idle_pool.h"
#include "litert/bound_graph.h"
#include "litert/npu_placement.h"
#include "vad/vad_bundle.h"

namespace sotto {

namespace {

constexpr size_t kMaxIdleGraphs = 4;

// The detector's graph with buffers of its own, for one thread at a time.
struct DetectorGraph {
  explicit DetectorGraph(std::shared_ptr<const LiteRtRuntime> runtime, int threads)
      : files(std::move(runtime), threads) {}

  CompiledFiles files;
  std::unique_ptr<BoundGraph> graph;
};

}  // namespace

struct VoiceActivityDetector::Impl {
  Impl(VadBundle opened, const Placement& placement, int of_a_graph)
      : bundle(std::move(opened)),
        runtime(placement.runtime),
        threads(of_a_graph),
        accelerator(placement.accelerator()),
        fallback(placement.fallback) {}

  Result<std::unique_ptr<DetectorGraph>> TakeGraph() const;
  // `heard` [context + 512]; h and c [state] are brought forward.
  Result<float> Detect(const std::vector<float>& heard, BoundGraph* graph, float* h,
                       float* c) const;

  const VadBundle bundle;
  const std::shared_ptr<const LiteRtRuntime> runtime;
  const int threads;
  const std::string accelerator;
  const std::string fallback;
  mutable IdlePool<DetectorGraph> idle{kMaxIdleGraphs};
};

Result<std::unique_ptr<DetectorGraph>> VoiceActivityDetector::Impl::TakeGraph() const {
  std::unique_ptr<DetectorGraph> taken = idle.Take();
  if (taken != nullptr) return taken;
  taken = std::make_unique<DetectorGraph>(runtime, threads);
  SOTTO_ASSIGN_OR_RETURN(taken->graph, BoundGraph::Create(&taken->files, bundle.detector));
  return taken;
}

Result<float> VoiceActivityDetector::Impl::Detect(const std::vector<float>& heard,
                                                  BoundGraph* graph, float* stream_h,
                                                  float* stream_c) const {
  const auto state = static_cast<size_t>(bundle.state);
  float* samples = graph->tensor("samples").data();
  std::copy(heard.begin(), heard.end(), samples);
  // The last sample is the mirror, and not repeated.
  std::copy_n(heard.rbegin() + 1, bundle.reflected, samples + heard.size());
  std::copy_n(stream_h, state, graph->tensor("h").data());
  std::copy_n(stream_c, state, graph->tensor("c").data());
  SOTTO_RETURN_IF_ERROR(graph->Run());
  std::copy_n(graph->tensor("new_h").data(), state, stream_h);
  std::copy_n(graph->tensor("new_c").data(), state, stream_c);
  return *graph->tensor("probability").data();
}

Result<std::shared_ptr<const VoiceActivityDetector>> VoiceActivityDetector::Create(
    const BundleFiles& files, const LoadOptions& options) {
  using Loaded = Result<std::shared_ptr<const VoiceActivityDetector>>;
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(const VadBundle bundle, VadBundle::Open(files, options.verify));
  const int threads = std::max(options.threads, 1);
  return LoadPlaced(files, bundle.npu, options, [&](const Placement& placement) -> Loaded {
    VadBundle placed = bundle;
    if (placement.npu && !placement.npu->Place(&placed.detector)) {
      return placement.npu->Lacking("vad");
    }
    auto impl = std::make_unique<Impl>(std::move(placed), placement, threads);
    SOTTO_ASSIGN_OR_RETURN(auto first, impl->TakeGraph());  // a bad graph is known at once
    if (placement.npu) SOTTO_RETURN_IF_ERROR(RanOnNpu(first->graph->Run()));
    impl->idle.Give(std::move(first));
    return std::shared_ptr<const VoiceActivityDetector>(new VoiceActivityDetector(std::move(impl)));
  });
}

const std::string& VoiceActivityDetector::accelerator() const { return impl_->accelerator; }

const std::string& VoiceActivityDetector::fallback() const { return impl_->fallback; }

VoiceActivityDetector::VoiceActivityDetector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VoiceActivityDetector::~VoiceActivityDetector() = default;

VadStream::VadStream(std::shared_ptr<const VoiceActivityDetector> detector)
    : detector_(std::move(detector)) {
  Reset();
}

void VadStream::Reset() {
  const VadBundle& bundle = detector_->impl_->bundle;
  heard_.assign(static_cast<size_t>(bundle.context), 0.0f);
  h_.assign(static_cast<size_t>(bundle.state), 0.0f);
  c_.assign(static_cast<size_t>(bundle.state), 0.0f);
}

Result<void> VadStream::Push(const float* samples, size_t n, std::vector<float>* probabilities) {
  const auto finite = [](float sample) { return std::isfinite(sample); };
  const float* odd = std::find_if_not(samples, samples + n, finite);
  if (odd != samples + n) {
    return Error{ErrorCode::kAudio, "sample " + std::to_string(odd - samples) +
                                        " is not finite: the audio is damaged"};
  }
  const VoiceActivityDetector::Impl& detector = *detector_->impl_;
  const size_t full = static_cast<size_t>(detector.bundle.context) + kVadChunk;
  if (heard_.size() + n < full) {
    heard_.insert(heard_.end(), samples, samples + n);
    return {};
  }
  SOTTO_ASSIGN_OR_RETURN(auto taken, detector.TakeGraph());
  Result<void> result;
  while (n > 0 && result.ok()) {
    const size_t piece = std::min(n, full - heard_.size());
    heard_.insert(heard_.end(), samples, samples + piece);
    samples += piece;
    n -= piece;
    if (heard_.size() < full) break;
    const auto probability = detector.Detect(heard_, taken->graph.get(), h_.data(), c_.data());
    if (!probability.ok()) {
      result = probability.error();
      break;
    }
    probabilities->push_back(*probability);
    heard_.erase(heard_.begin(), heard_.begin() + kVadChunk);  // what is left is the context
  }
  detector.idle.Give(std::move(taken));
  return result;
}

Result<void> VadStream::Flush(std::vector<float>* probabilities) {
  const size_t context = static_cast<size_t>(detector_->impl_->bundle.context);
  Result<void> result;
  if (heard_.size() > context) {
    const std::vector<float> silence(context + kVadChunk - heard_.size(), 0.0f);
    result = Push(silence.data(), silence.size(), probabilities);
  }
  Reset();
  return result;
}

}  // namespace sotto
