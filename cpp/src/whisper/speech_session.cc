#include "sotto/speech_session.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include "audio/log_mel_reader.h"
#include "base/one_call.h"
#include "base/stopwatch.h"
#include "vad/speech_source.h"
#include "whisper/decoder.h"
#include "whisper/prompt_history.h"
#include "whisper/seek_loop.h"
#include "whisper/single_window.h"
#include "whisper/speech_session_impl.h"
#include "whisper/window_encoder.h"
#include "whisper/word_aligner.h"

namespace sotto {
namespace {

double Seconds(int64_t samples) { return static_cast<double>(samples) / kSampleRate; }

void AddProfile(const GraphCounters& before, const GraphCounters& after, Profile* profile) {
  profile->load_ms = after.load_ms - before.load_ms;
  profile->encoder_ms = after.encoder_ms - before.encoder_ms;
  profile->decoder_ms = after.decoder.milliseconds - before.decoder.milliseconds;
  profile->encoder_runs = after.encoder_runs - before.encoder_runs;
  profile->decoder_steps = after.decoder.steps - before.decoder.steps;
  profile->cache_bytes_written =
      after.decoder.cache_bytes_written - before.decoder.cache_bytes_written;
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

SpeechSession::Impl::Impl(std::shared_ptr<const SpeechWeights> weights)
    : weights_(std::move(weights)),
      decoder_(weights_->bundle, weights_->tokenizer),
      windows_(weights_->runtime, weights_->threads, weights_->bundle, weights_->tables) {}

Result<void> SpeechSession::Impl::Begin(const OneCall& call, TranscribeOptions* options) {
  if (!call.is_only()) {
    return Error{ErrorCode::kOption,
                 "this session is at work, and a callback or another thread called it: one session "
                 "does one thing at a time; call the model, which takes another session"};
  }
  if (weights_->closed) return Error{ErrorCode::kOption, "the model is closed: load it again"};
  cancelled_ = false;
  options->cancelled = [this, asked = std::move(options->cancelled)] {
    return cancelled_ || weights_->closed || (asked && asked());
  };
  return {};
}

Result<Transcription> SpeechSession::Impl::Transcribe(AudioSource* source,
                                                      TranscribeOptions options,
                                                      const TranscribeCallbacks& callbacks) {
  const OneCall call(&at_work_);
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  SOTTO_RETURN_IF_ERROR(options.Validate(weights_->bundle));
  SOTTO_ASSIGN_OR_RETURN(PromptHistory history,
                         PromptHistory::Create(options, weights_->bundle, weights_->tokenizer));
  if (options.vad_filter == nullptr) {
    return TranscribeAll(source, options, callbacks, std::move(history), kLeastSamples);
  }
  return TranscribeSpeech(source, std::move(options), callbacks, std::move(history));
}

Result<Transcription> SpeechSession::Impl::TranscribeWindow(const float* samples, size_t count,
                                                            const std::vector<int>& prompt,
                                                            TranscribeOptions options) {
  const OneCall call(&at_work_);
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  SOTTO_ASSIGN_OR_RETURN(Transcription result,
                         TranscribeSingleWindow({&weights_->bundle, &weights_->tokenizer,
                                                 &weights_->log_mel, &decoder_, &windows_},
                                                samples, count, prompt, options));
  result.profile.accelerator = weights_->accelerator;
  return result;
}

Result<std::map<std::string, float>> SpeechSession::Impl::DetectLanguage(const float* samples,
                                                                         size_t count) {
  const OneCall call(&at_work_);
  TranscribeOptions options;
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  const WhisperBundle& bundle = weights_->bundle;
  if (!bundle.multilingual()) return std::map<std::string, float>{{"en", 1.0f}};
  SOTTO_RETURN_IF_ERROR(CheckLength(static_cast<int64_t>(count), kLeastSamples));
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs,
                         windows_.Graphs(FittingWindow(bundle, count / kHopLength)));
  SOTTO_RETURN_IF_ERROR(
      weights_->log_mel.Compute(samples, count, graphs->window().frames, graphs->log_mel()));
  SOTTO_RETURN_IF_ERROR(graphs->Encode());
  return decoder_.DetectLanguage(options.cancelled, graphs);
}

// Only what the detector takes for speech, with the source's times.
Result<Transcription> SpeechSession::Impl::TranscribeSpeech(AudioSource* source,
                                                            TranscribeOptions options,
                                                            const TranscribeCallbacks& callbacks,
                                                            PromptHistory history) {
  const Stopwatch watch;
  SOTTO_ASSIGN_OR_RETURN(const DetectedSpeech speech,
                         DetectSpeech(source, options.vad_filter, options.vad, options.cancelled));
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

Result<Transcription> SpeechSession::Impl::TranscribeAll(AudioSource* source,
                                                         const TranscribeOptions& options,
                                                         const TranscribeCallbacks& callbacks,
                                                         PromptHistory history,
                                                         size_t least_samples) {
  const Stopwatch watch;
  const WhisperBundle& bundle = weights_->bundle;
  const GraphCounters before = windows_.counters();
  LogMelReader reader(weights_->log_mel, source, options.cancelled);
  SOTTO_RETURN_IF_ERROR(reader.Measure());
  SOTTO_RETURN_IF_ERROR(CheckLength(reader.samples(), least_samples));
  Transcription result;
  result.duration = Seconds(reader.samples());
  result.duration_after_vad = result.duration;
  WindowEncoder encoder(bundle, &windows_, &reader, options.window, options.cancelled);
  WordAligner aligner(bundle, weights_->tokenizer, &windows_, options);
  SeekLoop loop({&bundle, &weights_->tokenizer, &decoder_, &reader, &encoder,
                 options.word_timestamps ? &aligner : nullptr},
                options, callbacks, std::move(history));
  SOTTO_RETURN_IF_ERROR(loop.Run(&result));
  AddProfile(before, windows_.counters(), &result.profile);
  result.profile.accelerator = weights_->accelerator;
  result.profile.log_mel_ms = reader.milliseconds();
  result.profile.alignment_ms = aligner.milliseconds();
  result.profile.total_ms = watch.Milliseconds();
  return result;
}

SpeechSession::SpeechSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpeechSession::~SpeechSession() = default;

Result<Transcription> SpeechSession::Transcribe(AudioSource* source,
                                                const TranscribeOptions& options,
                                                const TranscribeCallbacks& callbacks) {
  return impl_->Transcribe(source, options, callbacks);
}

Result<Transcription> SpeechSession::TranscribeWindow(const float* samples, size_t count,
                                                      const std::vector<int>& prompt,
                                                      const TranscribeOptions& options) {
  return impl_->TranscribeWindow(samples, count, prompt, options);
}

Result<std::map<std::string, float>> SpeechSession::DetectLanguage(const float* samples,
                                                                   size_t count) {
  return impl_->DetectLanguage(samples, count);
}

void SpeechSession::Cancel() { impl_->Cancel(); }

int64_t SpeechSession::graph_runs() const { return impl_->graph_runs(); }

}  // namespace sotto
