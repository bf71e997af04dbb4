#include "whisper/speech_weights.h"

#include <functional>
#include <utility>

#include "litert/cpu_threads.h"
#include "litert/litert_dispatch.h"
#include "litert/npu_placement.h"
#include "whisper/loaded_windows.h"

namespace sotto {
namespace {

using Start = std::function<Result<std::shared_ptr<const LiteRtRuntime>>()>;

// Opens what the bundle has beside its graphs, then LiteRT.
Result<std::shared_ptr<SpeechWeights>> OpenTables(Bundle bundle, const Start& start, int threads) {
  const Dims& dims = bundle.dims;
  const size_t width = static_cast<size_t>(dims.n_text_state);
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(bundle.mel_filters));
  SOTTO_RETURN_IF_ERROR(
      filters.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_mels), kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel,
                         LogMel::Create(filters.As<float>(), static_cast<size_t>(dims.n_mels)));
  SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                         Tokenizer::Open(*bundle.tokenizer, bundle.vocabulary.eot));
  SOTTO_ASSIGN_OR_RETURN(EmbeddingTable tokens, EmbeddingTable::Open(bundle));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy positions, MappedNpy::Open(bundle.positional_embedding));
  SOTTO_RETURN_IF_ERROR(
      positions.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_text_ctx), width}));
  SOTTO_ASSIGN_OR_RETURN(auto runtime, start());
  return std::shared_ptr<SpeechWeights>(
      new SpeechWeights{std::move(bundle), std::move(log_mel), std::move(tokenizer),
                        std::move(tokens), std::move(positions), std::move(runtime), threads});
}

// The shortest window is loaded, and its decoder run for a step: LiteRT takes a model even where
// the dispatch library can't start, and fails when it runs.
Result<std::shared_ptr<SpeechWeights>> OpenOnNpu(const Bundle& bundle, const BundleFiles& files,
                                                 const LoadOptions& options, int threads) {
  SOTTO_ASSIGN_OR_RETURN(const DispatchLibrary dispatch, DispatchLibrary::Open(options.dispatch));
  SOTTO_ASSIGN_OR_RETURN(Bundle on_npu,
                         PlaceOnNpu(bundle, files, options.soc, dispatch, options.verify));
  const auto start = [&] {
    return LiteRtRuntime::CreateWithNpu(options.library, options.weight_cache, dispatch,
                                        /*quiet=*/options.accelerator == "auto");
  };
  SOTTO_ASSIGN_OR_RETURN(auto weights, OpenTables(std::move(on_npu), start, threads));
  LoadedWindows windows(weights->runtime, threads, weights->bundle, weights->tokens,
                        weights->positions);
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, windows.Graphs(weights->bundle.windows.front()));
  const auto step = graphs->Step(weights->bundle.vocabulary.sot);
  if (!step.ok()) return Error{ErrorCode::kDevice, "the NPU fails: " + step.error().message};
  weights->accelerator = "npu";
  return weights;
}

}  // namespace

Result<std::shared_ptr<const SpeechWeights>> SpeechWeights::Open(const BundleFiles& files,
                                                                 const LoadOptions& options) {
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(Bundle bundle, Bundle::Open(files, options.verify));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads(ThisProcess());
  std::string fallback;
  if (options.accelerator != "cpu") {
    auto on_npu = OpenOnNpu(bundle, files, options, threads);
    if (on_npu.ok()) return std::shared_ptr<const SpeechWeights>(std::move(*on_npu));
    if (options.accelerator == "npu") return on_npu.error();
    fallback = "no NPU is used, but the CPU: " + on_npu.error().message;
  }
  const auto start = [&] { return LiteRtRuntime::Create(options.library, options.weight_cache); };
  SOTTO_ASSIGN_OR_RETURN(auto weights, OpenTables(std::move(bundle), start, threads));
  weights->fallback = std::move(fallback);
  return std::shared_ptr<const SpeechWeights>(std::move(weights));
}

}  // namespace sotto
