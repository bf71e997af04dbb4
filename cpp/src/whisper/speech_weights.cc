#include "whisper/speech_weights.h"

#include <utility>

#include "litert/cpu_threads.h"
#include "litert/npu_placement.h"
#include "whisper/loaded_windows.h"
#include "whisper/whisper_on_npu.h"

namespace sotto {
namespace {

// Loads the shortest window, and runs its decoder for a step.
Result<void> TryNpu(const SpeechWeights& weights) {
  LoadedWindows windows(weights.runtime, weights.threads, weights.encoders, weights.bundle,
                        weights.tables->decoder);
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, windows.Graphs(weights.bundle.windows.front()));
  const auto step = graphs->decoder()->Step(weights.bundle.vocabulary.sot);
  return RanOnNpu(step.ok() ? Result<void>() : step.error());
}

}  // namespace

Result<std::shared_ptr<const SpeechTables>> SpeechTables::Open(const WhisperBundle& bundle) {
  const auto n_mels = static_cast<size_t>(bundle.n_mels);
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(bundle.mel_filters));
  SOTTO_RETURN_IF_ERROR(filters.Expect(NpyType::kFloat32, {n_mels, kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel, LogMel::Create(filters.As<float>(), n_mels));
  SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                         Tokenizer::Open(*bundle.tokenizer, bundle.vocabulary.eot));
  SOTTO_ASSIGN_OR_RETURN(WhisperTables decoder, WhisperTables::Open(bundle));
  return std::shared_ptr<const SpeechTables>(
      new SpeechTables{std::move(log_mel), std::move(tokenizer), std::move(decoder)});
}

Result<std::shared_ptr<const SpeechWeights>> SpeechWeights::Open(const BundleFiles& files,
                                                                 const LoadOptions& options) {
  using Opened = Result<std::shared_ptr<const SpeechWeights>>;
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(const WhisperBundle bundle, WhisperBundle::Open(files, options.verify));
  SOTTO_ASSIGN_OR_RETURN(const auto tables, SpeechTables::Open(bundle));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads(ThisProcess());
  return LoadPlaced(files, bundle.npu, options, [&](const Placement& placement) -> Opened {
    WhisperBundle placed = bundle;
    if (placement.npu) {
      SOTTO_ASSIGN_OR_RETURN(placed, OnNpu(bundle, *placement.npu));
    }
    const auto compiled_files = [runtime = placement.runtime, threads] {
      return std::make_unique<CompiledFiles>(runtime, threads);
    };
    std::shared_ptr<const SpeechWeights> weights(new SpeechWeights{
        std::move(placed), tables, placement.runtime, threads, placement.accelerator(),
        placement.fallback, EncoderPool(compiled_files)});
    if (placement.npu) SOTTO_RETURN_IF_ERROR(TryNpu(*weights));
    return weights;
  });
}

}  // namespace sotto
