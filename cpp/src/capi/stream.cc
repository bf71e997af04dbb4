#include "capi/handles.h"

namespace {

using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;

sotto::StreamOptions ReadOptions(const sotto_stream_options& options) {
  sotto::StreamOptions read;
  read.language = sotto::capi::Text(options.language);
  if (options.task != nullptr) read.task = options.task;
  read.initial_prompt = sotto::capi::Text(options.initial_prompt);
  read.step = options.step;
  read.max_buffer = options.max_buffer;
  read.agreement = options.agreement;
  read.endpoint_silence = options.endpoint_silence;
  if (options.cancelled != nullptr) {
    read.cancelled = [options] { return options.cancelled(options.user); };
  }
  return read;
}

sotto_stream_update* UpdateOf(sotto::StreamUpdate update) {
  auto given = std::make_unique<sotto_stream_update>();
  for (sotto::StreamWord& word : update.confirmed) given->confirmed.push_back({std::move(word)});
  for (sotto::Word& word : update.tentative) given->tentative.push_back({std::move(word)});
  given->update = std::move(update);
  return given.release();
}

const sotto_word* WordAt(const std::vector<sotto_word>& words, size_t index) {
  return index < words.size() ? &words[index] : nullptr;
}

}  // namespace

void sotto_stream_options_init(sotto_stream_options* options) {
  const sotto::StreamOptions defaults;
  *options = {};
  options->size = sizeof(*options);
  options->step = defaults.step;
  options->max_buffer = defaults.max_buffer;
  options->agreement = defaults.agreement;
  options->endpoint_silence = defaults.endpoint_silence;
}

sotto_stream* sotto_stream_new(const sotto_speech_model* model, const sotto_vad* vad,
                               const sotto_stream_options* given, sotto_error** error) {
  return Guarded<sotto_stream*>(error, nullptr, [&]() -> Result<sotto_stream*> {
    if (model == nullptr) return Missing("model");
    SOTTO_ASSIGN_OR_RETURN(
        const sotto_stream_options options,
        sotto::capi::Sized(given, sotto_stream_options_init, "sotto_stream_options"));
    SOTTO_ASSIGN_OR_RETURN(
        auto stream, sotto::Stream::Create(model->model, vad == nullptr ? nullptr : vad->detector,
                                           ReadOptions(options)));
    return new sotto_stream{std::move(stream)};
  });
}

void sotto_stream_free(sotto_stream* stream) { delete stream; }

sotto_stream_update* sotto_stream_push(sotto_stream* stream, const float* samples, size_t count,
                                       sotto_error** error) {
  return Guarded<sotto_stream_update*>(error, nullptr, [&]() -> Result<sotto_stream_update*> {
    if (stream == nullptr) return Missing("stream");
    if (samples == nullptr && count > 0) return Missing("samples");
    SOTTO_ASSIGN_OR_RETURN(sotto::StreamUpdate update, stream->stream->Push(samples, count));
    return UpdateOf(std::move(update));
  });
}

sotto_stream_update* sotto_stream_finish(sotto_stream* stream, sotto_error** error) {
  return Guarded<sotto_stream_update*>(error, nullptr, [&]() -> Result<sotto_stream_update*> {
    if (stream == nullptr) return Missing("stream");
    SOTTO_ASSIGN_OR_RETURN(sotto::StreamUpdate update, stream->stream->Finish());
    return UpdateOf(std::move(update));
  });
}

void sotto_stream_update_free(sotto_stream_update* update) { delete update; }

size_t sotto_stream_update_confirmed_count(const sotto_stream_update* update) {
  return update->confirmed.size();
}

const sotto_word* sotto_stream_update_confirmed(const sotto_stream_update* update, size_t index) {
  return WordAt(update->confirmed, index);
}

size_t sotto_stream_update_tentative_count(const sotto_stream_update* update) {
  return update->tentative.size();
}

const sotto_word* sotto_stream_update_tentative(const sotto_stream_update* update, size_t index) {
  return WordAt(update->tentative, index);
}

int sotto_stream_update_utterances(const sotto_stream_update* update) {
  return update->update.utterances;
}

double sotto_stream_update_position(const sotto_stream_update* update) {
  return update->update.position;
}

const char* sotto_stream_update_language(const sotto_stream_update* update) {
  return update->update.language.c_str();
}
