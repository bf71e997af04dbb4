#include "sotto/transcriber.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "litert/cpu_threads.h"
#include "whisper/decoder.h"
#include "decode/embedding_table.h"
#include "litert/litert_dispatch.h"
#include "litert/litert_graph.h"
#include "whisper/loaded_windows.h"
#include "audio/log_mel_reader.h"
#include "litert/npu_placement.h"
#include "bundle/npy.h"
#include "whisper/prompt_history.h"
#include "whisper/seek_loop.h"
#include "whisper/single_window.h"
#include "sotto/log_mel.h"
#include "sotto/tokenizer.h"
#include "vad/speech_source.h"
#include "base/stopwatch.h"
#include "whisper/window_encoder.h"
#include "whisper/word_aligner.h"

namespace sotto {
namespace {

double Seconds(int64_t samples) { return static_cast<double>(samples) / kSampleRate; }

void AddProfile(const GraphCounters& before, const GraphCounters& after, Profile* profile) {
  profile->load_ms = after.load_ms - before.load_ms;
  profile->encoder_ms = after.encoder_ms - before.encoder_ms;
  profile->decoder_ms = after.decoder_ms - before.decoder_ms;
  profile->encoder_runs = after.encoder_runs - before.encoder_runs;
  profile->decoder_steps = after.decoder_steps - before.decoder_steps;
  profile->cache_bytes_written = after.cache_bytes_written - before.cache_bytes_written;
}

Result<void> CheckLength(int64_t samples, size_t least) {
  if (samples >= static_cast<int64_t>(least)) return {};
  return Error{ErrorCode::kAudio,
               "the audio is " + std::to_string(Seconds(samples)) + " s long, expected " +
                   std::to_string(Seconds(static_cast<int64_t>(least))) + " s or more of speech"};
}

// Callbacks that say where in the source things are. Both must outlive them.
TranscribeCallbacks InSource(const TranscribeCallbacks& callbacks, const SpeechTimes& times,
                             double duration) {
  TranscribeCallbacks in_source;
  in_source.on_language = callbacks.on_language;
  if (callbacks.on_segment) {
    in_source.on_segment = [&](Segment segment) {
      times.Restore(&segment);
      callbacks.on_segment(segment);
    };
  }
  if (callbacks.on_progress) {
    in_source.on_progress = [&, duration](double done, double) {
      callbacks.on_progress(times.InSource(done, true), duration);
    };
  }
  return in_source;
}

}  // namespace

class Transcriber::Impl {
 public:
  using Start = std::function<Result<std::shared_ptr<const LiteRtRuntime>>()>;

  // Opens what the bundle has beside its graphs, then LiteRT.
  static Result<std::unique_ptr<Impl>> Open(Bundle bundle, const Start& start, int threads);
  static Result<std::unique_ptr<Impl>> OpenOnNpu(const Bundle& bundle, const LoadOptions& options,
                                                 int threads);

  Impl(Bundle bundle, std::shared_ptr<const LiteRtRuntime> runtime, LogMel log_mel,
       Tokenizer tokenizer, EmbeddingTable tokens, MappedNpy positions, int threads)
      : bundle_(std::move(bundle)),
        log_mel_(std::move(log_mel)),
        tokenizer_(std::move(tokenizer)),
        tokens_(std::move(tokens)),
        positions_(std::move(positions)),
        decoder_(bundle_, tokenizer_),
        windows_(std::move(runtime), bundle_, tokens_, positions_, threads) {}

  const Bundle& bundle() const { return bundle_; }
  const std::string& accelerator() const { return accelerator_; }
  const std::string& fallback() const { return fallback_; }
  void set_fallback(std::string why) { fallback_ = std::move(why); }

  void SetVad(std::shared_ptr<VoiceActivityDetector> vad) {
    const std::lock_guard<std::mutex> turn(mutex_);
    vad_ = std::move(vad);
  }

  Result<Transcription> Transcribe(AudioSource* source, TranscribeOptions options,
                                   const TranscribeCallbacks& callbacks) {
    SOTTO_RETURN_IF_ERROR(options.Validate(bundle_));
    SOTTO_ASSIGN_OR_RETURN(PromptHistory history,
                           PromptHistory::Create(options, bundle_, tokenizer_));
    const std::lock_guard<std::mutex> turn(mutex_);
    if (!options.vad_filter) {
      return TranscribeAll(source, options, callbacks, std::move(history), kLeastSamples);
    }
    return TranscribeSpeech(source, std::move(options), callbacks, std::move(history));
  }

  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt,
                                         const TranscribeOptions& options) {
    const std::lock_guard<std::mutex> turn(mutex_);
    SOTTO_ASSIGN_OR_RETURN(
        Transcription result,
        TranscribeSingleWindow({&bundle_, &tokenizer_, &log_mel_, &decoder_, &windows_}, samples,
                               count, prompt, options));
    result.profile.accelerator = accelerator_;
    return result;
  }

 private:
  // Only what the detector takes for speech, with the source's times.
  Result<Transcription> TranscribeSpeech(AudioSource* source, TranscribeOptions options,
                                         const TranscribeCallbacks& callbacks,
                                         PromptHistory history) {
    if (vad_ == nullptr) {
      return Error{ErrorCode::kOption,
                   "vad_filter is on, but no voice activity detector is loaded: give the "
                   "transcriber one, or make it first: python convert/step1_pt_to_torchscript.py "
                   "--model silero-vad, then python convert/step2_torchscript_to_tflite.py "
                   "models/silero-vad"};
    }
    const Stopwatch watch;
    SOTTO_ASSIGN_OR_RETURN(const DetectedSpeech speech,
                           DetectSpeech(source, vad_, options.vad, options.cancelled));
    SOTTO_RETURN_IF_ERROR(CheckLength(speech.samples, kLeastSamples));
    const SpeechTimes times(speech.spans);
    for (double& seconds : options.clip_timestamps) seconds = times.InSpeech(seconds);
    SpeechSource heard(source, speech.spans);
    SOTTO_ASSIGN_OR_RETURN(
        Transcription result,
        TranscribeAll(&heard, options, InSource(callbacks, times, Seconds(speech.samples)),
                      std::move(history), 0));
    for (Segment& segment : result.segments) times.Restore(&segment);
    result.duration = Seconds(speech.samples);
    result.profile.vad_ms = speech.milliseconds;
    result.profile.total_ms = watch.Milliseconds();
    return result;
  }

  Result<Transcription> TranscribeAll(AudioSource* source, const TranscribeOptions& options,
                                      const TranscribeCallbacks& callbacks, PromptHistory history,
                                      size_t least_samples) {
    const Stopwatch watch;
    const GraphCounters before = windows_.counters();
    LogMelReader reader(log_mel_, source, options.cancelled);
    SOTTO_RETURN_IF_ERROR(reader.Measure());
    SOTTO_RETURN_IF_ERROR(CheckLength(reader.samples(), least_samples));
    Transcription result;
    result.duration = Seconds(reader.samples());
    result.duration_after_vad = result.duration;
    WindowEncoder encoder(bundle_, &windows_, &reader, options.window, options.cancelled);
    WordAligner aligner(bundle_, tokenizer_, &windows_, options);
    SeekLoop loop({&bundle_, &tokenizer_, &decoder_, &reader, &encoder,
                   options.word_timestamps ? &aligner : nullptr},
                  options, callbacks, std::move(history));
    SOTTO_RETURN_IF_ERROR(loop.Run(&result));
    AddProfile(before, windows_.counters(), &result.profile);
    result.profile.accelerator = accelerator_;
    result.profile.log_mel_ms = reader.milliseconds();
    result.profile.alignment_ms = aligner.milliseconds();
    result.profile.total_ms = watch.Milliseconds();
    return result;
  }

  const Bundle bundle_;
  std::string accelerator_ = "cpu";
  std::string fallback_;
  const LogMel log_mel_;
  const Tokenizer tokenizer_;
  const EmbeddingTable tokens_;
  const MappedNpy positions_;
  std::mutex mutex_;  // over everything below
  Decoder decoder_;
  LoadedWindows windows_;
  std::shared_ptr<VoiceActivityDetector> vad_;
};

Result<std::unique_ptr<Transcriber::Impl>> Transcriber::Impl::Open(Bundle bundle,
                                                                   const Start& start,
                                                                   int threads) {
  const Dims& dims = bundle.dims;
  const size_t width = static_cast<size_t>(dims.n_text_state);
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(bundle.mel_filters));
  SOTTO_RETURN_IF_ERROR(
      filters.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_mels), kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel,
                         LogMel::Create(filters.As<float>(), static_cast<size_t>(dims.n_mels)));
  SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                         Tokenizer::Open(bundle.tokenizer, bundle.vocabulary.eot));
  SOTTO_ASSIGN_OR_RETURN(EmbeddingTable tokens, EmbeddingTable::Open(bundle));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy positions, MappedNpy::Open(bundle.positional_embedding));
  SOTTO_RETURN_IF_ERROR(
      positions.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_text_ctx), width}));
  SOTTO_ASSIGN_OR_RETURN(auto runtime, start());
  return std::make_unique<Impl>(std::move(bundle), std::move(runtime), std::move(log_mel),
                                std::move(tokenizer), std::move(tokens), std::move(positions),
                                threads);
}

// The shortest window is loaded, and its decoder run for a step: LiteRT takes a model even where
// the dispatch library can't start, and fails when it runs.
Result<std::unique_ptr<Transcriber::Impl>> Transcriber::Impl::OpenOnNpu(const Bundle& bundle,
                                                                        const LoadOptions& options,
                                                                        int threads) {
  SOTTO_ASSIGN_OR_RETURN(const DispatchLibrary dispatch, DispatchLibrary::Open(options.dispatch));
  SOTTO_ASSIGN_OR_RETURN(Bundle on_npu, PlaceOnNpu(bundle, options.soc, dispatch, options.verify));
  const auto start = [&] {
    return LiteRtRuntime::CreateWithNpu(options.library, options.weight_cache, dispatch,
                                        /*quiet=*/options.accelerator == "auto");
  };
  SOTTO_ASSIGN_OR_RETURN(auto impl, Open(std::move(on_npu), start, threads));
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs,
                         impl->windows_.Graphs(impl->bundle_.windows.front()));
  const auto step = graphs->Step(impl->bundle_.vocabulary.sot);
  if (!step.ok()) return Error{ErrorCode::kDevice, "the NPU fails: " + step.error().message};
  graphs->Restart();
  impl->accelerator_ = "npu";
  return impl;
}

Result<std::unique_ptr<Transcriber>> Transcriber::Create(const std::string& directory,
                                                         const LoadOptions& options) {
  SOTTO_RETURN_IF_ERROR(options.Validate());
  SOTTO_ASSIGN_OR_RETURN(Bundle bundle, Bundle::Open(directory, options.verify));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads(ThisProcess());
  std::string fallback;
  if (options.accelerator != "cpu") {
    auto on_npu = Impl::OpenOnNpu(bundle, options, threads);
    if (on_npu.ok()) return std::unique_ptr<Transcriber>(new Transcriber(std::move(*on_npu)));
    if (options.accelerator == "npu") return on_npu.error();
    fallback = "no NPU is used, but the CPU: " + on_npu.error().message;
  }
  const auto start = [&] { return LiteRtRuntime::Create(options.library, options.weight_cache); };
  SOTTO_ASSIGN_OR_RETURN(auto impl, Impl::Open(std::move(bundle), start, threads));
  impl->set_fallback(std::move(fallback));
  return std::unique_ptr<Transcriber>(new Transcriber(std::move(impl)));
}

Transcriber::Transcriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transcriber::~Transcriber() = default;

const Bundle& Transcriber::bundle() const { return impl_->bundle(); }

const std::string& Transcriber::accelerator() const { return impl_->accelerator(); }

const std::string& Transcriber::fallback() const { return impl_->fallback(); }

void Transcriber::SetVad(std::shared_ptr<VoiceActivityDetector> vad) {
  impl_->SetVad(std::move(vad));
}

Result<Transcription> Transcriber::Transcribe(AudioSource* source, const TranscribeOptions& options,
                                              const TranscribeCallbacks& callbacks) {
  return impl_->Transcribe(source, options, callbacks);
}

Result<Transcription> Transcriber::TranscribeWindow(const float* samples, size_t count,
                                                    const std::vector<int>& prompt,
                                                    const TranscribeOptions& options) {
  return impl_->TranscribeWindow(samples, count, prompt, options);
}

}  // namespace sotto
