#include "sotto/vad.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include "litert/bound_graph.h"
#include "vad/vad_bundle.h"

namespace sotto {

struct VoiceActivityDetector::Impl {
  explicit Impl(VadBundle opened) : bundle(std::move(opened)) {}

  Result<void> Load(const VadLoadOptions& options);
  // `heard` [context + 512]; h and c [state] are brought forward.
  Result<float> Detect(const std::vector<float>& heard, float* h, float* c);

  const VadBundle bundle;
  std::unique_ptr<BoundGraph> graph;
  std::mutex mutex;
};

Result<void> VoiceActivityDetector::Impl::Load(const VadLoadOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(auto runtime, LiteRtRuntime::Create(options.library));
  SOTTO_ASSIGN_OR_RETURN(graph, BoundGraph::Create(runtime, bundle.detector, options.threads));
  return {};
}

Result<float> VoiceActivityDetector::Impl::Detect(const std::vector<float>& heard, float* stream_h,
                                                  float* stream_c) {
  const std::lock_guard<std::mutex> lock(mutex);
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

Result<std::shared_ptr<VoiceActivityDetector>> VoiceActivityDetector::Create(
    const std::string& directory, const VadLoadOptions& options) {
  if (options.threads < 1 || options.threads > 1024) {
    return Error{ErrorCode::kOption,
                 "threads " + std::to_string(options.threads) + ": expected 1 to 1024"};
  }
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
  SOTTO_ASSIGN_OR_RETURN(VadBundle bundle, VadBundle::Open(*files, options.verify));
  auto impl = std::make_unique<Impl>(std::move(bundle));
  SOTTO_RETURN_IF_ERROR(impl->Load(options));
  return std::shared_ptr<VoiceActivityDetector>(new VoiceActivityDetector(std::move(impl)));
}

VoiceActivityDetector::VoiceActivityDetector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VoiceActivityDetector::~VoiceActivityDetector() = default;

VadStream::VadStream(std::shared_ptr<VoiceActivityDetector> detector)
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
  const size_t full = static_cast<size_t>(detector_->impl_->bundle.context) + kVadChunk;
  while (n > 0) {
    const size_t taken = std::min(n, full - heard_.size());
    heard_.insert(heard_.end(), samples, samples + taken);
    samples += taken;
    n -= taken;
    if (heard_.size() == full) SOTTO_RETURN_IF_ERROR(Detect(probabilities));
  }
  return {};
}

Result<void> VadStream::Flush(std::vector<float>* probabilities) {
  const size_t context = static_cast<size_t>(detector_->impl_->bundle.context);
  Result<void> result;
  if (heard_.size() > context) {
    heard_.resize(context + kVadChunk, 0.0f);
    result = Detect(probabilities);
  }
  Reset();
  return result;
}

Result<void> VadStream::Detect(std::vector<float>* probabilities) {
  SOTTO_ASSIGN_OR_RETURN(const float probability,
                         detector_->impl_->Detect(heard_, h_.data(), c_.data()));
  probabilities->push_back(probability);
  heard_.erase(heard_.begin(), heard_.begin() + kVadChunk);  // what is left is the context
  return {};
}

}  // namespace sotto
