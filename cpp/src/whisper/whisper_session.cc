#include "whisper/whisper_session.h"

#include <utility>

#include "audio/log_mel_reader.h"
#include "base/stopwatch.h"
#include "recognizer/audio_length.h"
#include "whisper/prompt_history.h"
#include "whisper/seek_loop.h"
#include "whisper/single_window.h"
#include "whisper/window_encoder.h"
#include "whisper/word_aligner.h"

namespace sotto {
namespace {

void AddProfile(const GraphCounters& before, const GraphCounters& after, Profile* profile) {
  profile->load_ms = after.load_ms - before.load_ms;
  profile->encoder_ms = after.encoder_ms - before.encoder_ms;
  profile->decoder_ms = after.decoder.milliseconds - before.decoder.milliseconds;
  profile->encoder_runs = after.encoder_runs - before.encoder_runs;
  profile->decoder_steps = after.decoder.steps - before.decoder.steps;
  profile->cache_bytes_written =
      after.decoder.cache_bytes_written - before.decoder.cache_bytes_written;
}

}  // namespace

Result<Transcription> WhisperSession::Transcribe(AudioSource* source,
                                                 const TranscribeOptions& options,
                                                 const TranscribeCallbacks& callbacks) {
  const Stopwatch watch;
  const WhisperBundle& bundle = weights_.bundle;
  SOTTO_ASSIGN_OR_RETURN(PromptHistory history,
                         PromptHistory::Create(options, bundle, weights_.tables->tokenizer));
  const GraphCounters before = windows_.counters();
  LogMelReader reader(weights_.tables->log_mel, source, options.cancelled);
  SOTTO_RETURN_IF_ERROR(reader.Measure());
  // What a detector takes for speech may be nothing at all.
  if (options.vad_filter == nullptr) SOTTO_RETURN_IF_ERROR(CheckLength(reader.samples()));
  Transcription result;
  result.duration = static_cast<double>(reader.samples()) / kSampleRate;
  result.duration_after_vad = result.duration;
  WindowEncoder encoder(bundle, &windows_, &reader, options.window, options.cancelled);
  WordAligner aligner(bundle, weights_.tables->tokenizer, &windows_, options);
  SeekLoop loop({&bundle, &weights_.tables->tokenizer, &decoder_, &reader, &encoder,
                 options.word_timestamps ? &aligner : nullptr},
                options, callbacks, std::move(history));
  SOTTO_RETURN_IF_ERROR(loop.Run(&result));
  AddProfile(before, windows_.counters(), &result.profile);
  result.profile.accelerator = weights_.accelerator;
  result.profile.log_mel_ms = reader.milliseconds();
  result.profile.alignment_ms = aligner.milliseconds();
  result.profile.total_ms = watch.Milliseconds();
  return result;
}

Result<Transcription> WhisperSession::TranscribeWindow(const float* samples, size_t count,
                                                       const std::vector<int>& prompt,
                                                       const TranscribeOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(Transcription result,
                         TranscribeSingleWindow({&weights_.bundle, &weights_.tables->tokenizer,
                                                 &weights_.tables->log_mel, &decoder_, &windows_},
                                                samples, count, prompt, options));
  result.profile.accelerator = weights_.accelerator;
  return result;
}

Result<std::map<std::string, float>> WhisperSession::DetectLanguage(
    const float* samples, size_t count, const std::function<bool()>& cancelled) {
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs,
                         windows_.Graphs(FittingWindow(weights_.bundle, count / kHopLength)));
  SOTTO_RETURN_IF_ERROR(
      weights_.tables->log_mel.Compute(samples, count, graphs->window().frames, graphs->log_mel()));
  SOTTO_RETURN_IF_ERROR(graphs->Encode());
  return decoder_.DetectLanguage(cancelled, graphs);
}

}  // namespace sotto
