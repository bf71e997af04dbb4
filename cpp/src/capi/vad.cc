#include <algorithm>

#include "capi/handles.h"
#include "sotto/speech_spans.h"

static_assert(SOTTO_VAD_CHUNK == sotto::kVadChunk, "sotto.h and speech_spans.h differ");

namespace {

using sotto::Error;
using sotto::ErrorCode;
using sotto::Result;
using sotto::SpeechSpan;
using sotto::capi::Guarded;
using sotto::capi::Missing;

sotto::VadOptions ReadOptions(const sotto_vad_options& options) {
  sotto::VadOptions read;
  read.threshold = options.threshold;
  read.neg_threshold = options.neg_threshold;
  read.min_speech_duration_ms = options.min_speech_duration_ms;
  read.max_speech_duration_s = options.max_speech_duration_s;
  read.min_silence_duration_ms = options.min_silence_duration_ms;
  read.speech_pad_ms = options.speech_pad_ms;
  return read;
}

}  // namespace

sotto_vad* sotto_vad_load(const sotto_bundle* bundle, const sotto_load_options* options,
                          sotto_error** error) {
  return Guarded<sotto_vad*>(error, nullptr, [&]() -> Result<sotto_vad*> {
    if (bundle == nullptr) return Missing("bundle");
    SOTTO_ASSIGN_OR_RETURN(const sotto::LoadOptions load, sotto::capi::ReadLoadOptions(options));
    SOTTO_ASSIGN_OR_RETURN(auto detector,
                           sotto::VoiceActivityDetector::Create(*bundle->files, load));
    sotto::capi::LogFallback(detector->fallback());
    return new sotto_vad{std::move(detector)};
  });
}

void sotto_vad_free(sotto_vad* vad) { delete vad; }

sotto_vad_stream* sotto_vad_stream_new(const sotto_vad* vad, sotto_error** error) {
  return Guarded<sotto_vad_stream*>(error, nullptr, [&]() -> Result<sotto_vad_stream*> {
    if (vad == nullptr) return Missing("vad");
    return new sotto_vad_stream{sotto::VadStream(vad->detector)};
  });
}

void sotto_vad_stream_free(sotto_vad_stream* stream) { delete stream; }

bool sotto_vad_stream_push(sotto_vad_stream* stream, const float* samples, size_t count,
                           float* probabilities, size_t* written, sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (stream == nullptr) return Missing("stream");
    if (samples == nullptr && count > 0) return Missing("samples");
    if (probabilities == nullptr || written == nullptr) return Missing("probabilities or written");
    std::vector<float> found;
    SOTTO_RETURN_IF_ERROR(stream->stream.Push(samples, count, &found));
    std::copy(found.begin(), found.end(), probabilities);
    *written = found.size();
    return true;
  });
}

void sotto_vad_options_init(sotto_vad_options* options) {
  const sotto::VadOptions defaults;
  *options = {};
  options->size = sizeof(*options);
  options->threshold = defaults.threshold;
  options->neg_threshold = defaults.neg_threshold;
  options->min_speech_duration_ms = defaults.min_speech_duration_ms;
  options->max_speech_duration_s = defaults.max_speech_duration_s;
  options->min_silence_duration_ms = defaults.min_silence_duration_ms;
  options->speech_pad_ms = defaults.speech_pad_ms;
}

bool sotto_speech_spans(const float* probabilities, size_t count, int64_t samples,
                        const sotto_vad_options* given, sotto_span* spans, size_t* written,
                        sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (probabilities == nullptr && count > 0) return Missing("probabilities");
    if (written == nullptr || (spans == nullptr && count > 0)) return Missing("spans or written");
    if (samples < 0 || static_cast<uint64_t>(samples) > uint64_t{count} * SOTTO_VAD_CHUNK) {
      return Error{ErrorCode::kOption, std::to_string(samples) + " samples: expected 0 to " +
                                           std::to_string(SOTTO_VAD_CHUNK) + " for each of the " +
                                           std::to_string(count) + " probabilities"};
    }
    SOTTO_ASSIGN_OR_RETURN(const sotto_vad_options options,
                           sotto::capi::Sized(given, sotto_vad_options_init, "sotto_vad_options"));
    const sotto::VadOptions read = ReadOptions(options);
    SOTTO_RETURN_IF_ERROR(read.Validate());
    // Every span begins at a chunk of its own, so that there is room for all.
    const std::vector<SpeechSpan> found =
        sotto::SpeechSpans({probabilities, probabilities + count}, samples, read);
    std::transform(found.begin(), found.end(), spans,
                   [](const SpeechSpan& span) { return sotto_span{span.start, span.end}; });
    *written = found.size();
    return true;
  });
}
