#include <algorithm>

#include "capi/handles.h"
#include "sotto/speech_spans.h"

static_assert(SOTTO_VAD_CHUNK == sotto::kVadChunk, "sotto.h and speech_spans.h differ");

namespace {

using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;

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
