#include "whisper/speech_weights.h"

#include <utility>

#include "litert/cpu_threads.h"
#include "litert/npu_placement.h"
#include "whisper/loaded_windows.h"
#include "whisper/whisper_on_npu.h"

namespace sotto {
namespace {

// Opens what the bundle has beside its graphs.
Result<std::shared_ptr<SpeechWeights>> OpenTables(WhisperBundle bundle, const Placement& placement,
                                                  int threads) {
  const auto n_mels = static_cast<size_t>(bundle.n_mels);
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(bundle.mel_filters));
  SOTTO_RETURN_IF_ERROR(filters.Expect(NpyType::kFloat32, {n_mels, kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel, LogMel::Create(filters.As<float>(), n_mels));
  SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                         Tokenizer::Open(*bundle.tokenizer, bundle.vocabulary.eot));
  SOTTO_ASSIGN_OR_RETURN(WhisperTables tables, WhisperTables::Open(bundle));
  const auto files = [runtime = placement.runtime, threads] {
    return std::make_unique<CompiledFiles>(runtime, threads);
  };
  return std::shared_ptr<SpeechWeights>(new SpeechWeights{
      std::move(bundle), std::move(log_mel), std::move(tokenizer), std::move(tables),
      placement.runtime, threads, placement.accelerator(), placement.fallback, EncoderPool(files)});
}

// Loads the shortest window, and runs its decoder for a step.
Result<void> TryNpu(const SpeechWeights& weights) {
  LoadedWindows windows(weights.runtime, weights.threads, weights.encoders, weights.bundle,
                        weights.tables);
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, windows.Graphs(weights.bundle.windows.front()));
  const auto step = graphs->decoder()->Step(weights.bundle.vocabulary.sot);
  return RanOnNpu(step.ok() ? Result<void>() : step.error());
}

}  // namespace

Result<std::shared_ptr<const SpeechWeights>> SpeechWeights::Open(const BundleFiles& files,
                                                                 const LoadOptions& options) {
  using Opened = Result<std::shared_ptr<const SpeechWeights>>;
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(const WhisperBundle bundle, WhisperBundle::Open(files, options.verify));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads(ThisProcess());
  return LoadPlaced(files, bundle.npu, options, [&](const Placement& placement) -> Opened {
    WhisperBundle placed = bundle;
    if (placement.npu) {
      SOTTO_ASSIGN_OR_RETURN(placed, OnNpu(bundle, *placement.npu));
    }
    SOTTO_ASSIGN_OR_RETURN(auto weights, OpenTables(std::move(placed), placement, threads));
    if (placement.npu) SOTTO_RETURN_IF_ERROR(TryNpu(*weights));
    return std::shared_ptr<const SpeechWeights>(std::move(weights));
  });
}

}  // namespace sotto
