#include "sotto/speech_session.h"

#include <utility>

#include "base/one_call.h"
#include "base/stopwatch.h"
#include "recognizer/audio_length.h"
#include "sotto/log_mel.h"
#include "speech/speech_session_impl.h"
#include "vad/speech_source.h"

namespace sotto {
namespace {

double Seconds(int64_t samples) { return static_cast<double>(samples) / kSampleRate; }

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

Result<void> SpeechSession::Impl::Begin(const OneCall& call, TranscribeOptions* options) {
  if (!call.is_only()) {
    return Error{ErrorCode::kOption,
                 "this session is at work, and a callback or another thread called it: one session "
                 "does one thing at a time; call the model, which takes another session"};
  }
  if (recognizer_->closed()) return Error{ErrorCode::kOption, "the model is closed: load it again"};
  cancelled_ = false;
  options->cancelled = [this, asked = std::move(options->cancelled)] {
    return cancelled_ || recognizer_->closed() || (asked && asked());
  };
  return {};
}

Result<Transcription> SpeechSession::Impl::Transcribe(AudioSource* source,
                                                      TranscribeOptions options,
                                                      const TranscribeCallbacks& callbacks) {
  const OneCall call(&at_work_);
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  SOTTO_RETURN_IF_ERROR(recognizer_->Validate(options));
  if (options.vad_filter == nullptr) return session_->Transcribe(source, options, callbacks);
  return TranscribeSpeech(source, std::move(options), callbacks);
}

Result<Transcription> SpeechSession::Impl::TranscribeWindow(const float* samples, size_t count,
                                                            const std::vector<int>& prompt,
                                                            TranscribeOptions options) {
  const OneCall call(&at_work_);
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  return session_->TranscribeWindow(samples, count, prompt, options);
}

Result<std::map<std::string, float>> SpeechSession::Impl::DetectLanguage(const float* samples,
                                                                         size_t count) {
  const OneCall call(&at_work_);
  TranscribeOptions options;
  SOTTO_RETURN_IF_ERROR(Begin(call, &options));
  if (!recognizer_->info().multilingual()) return std::map<std::string, float>{{"en", 1.0f}};
  SOTTO_RETURN_IF_ERROR(CheckLength(static_cast<int64_t>(count)));
  return session_->DetectLanguage(samples, count, options.cancelled);
}

// Only what the detector takes for speech, with the source's times.
Result<Transcription> SpeechSession::Impl::TranscribeSpeech(AudioSource* source,
                                                            TranscribeOptions options,
                                                            const TranscribeCallbacks& callbacks) {
  const Stopwatch watch;
  SOTTO_ASSIGN_OR_RETURN(const DetectedSpeech speech,
                         DetectSpeech(source, options.vad_filter, options.vad, options.cancelled));
  SOTTO_RETURN_IF_ERROR(CheckLength(speech.samples));
  const SpeechTimes times(speech.spans);
  for (double& seconds : options.clip_timestamps) seconds = times.InSpeech(seconds);
  SpeechSource heard(source, speech.spans);
  SOTTO_ASSIGN_OR_RETURN(
      Transcription result,
      session_->Transcribe(&heard, options, InSource(callbacks, times, Seconds(speech.samples))));
  for (Segment& segment : result.segments) times.Restore(&segment);
  result.duration = Seconds(speech.samples);
  result.profile.vad_ms = speech.milliseconds;
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
