#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "capi/handles.h"
#include "sotto/recognizer.h"
#include "sotto/wav.h"

namespace {

using sotto::Error;
using sotto::ErrorCode;
using sotto::Result;
using sotto::capi::Guarded;
using sotto::capi::Missing;
using sotto::capi::Sized;
using sotto::capi::Text;

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();

std::optional<double> Number(double value) {
  return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

class CallbackSource : public sotto::AudioSource {
 public:
  explicit CallbackSource(const sotto_audio_source& source) : source_(source) {}

  Result<size_t> Read(float* out, size_t max_samples) override {
    const int64_t count = source_.read(source_.user, out, max_samples);
    if (count < 0 || static_cast<uint64_t>(count) > max_samples) {
      return Error{ErrorCode::kAudio, "the audio source failed: read returned " +
                                          std::to_string(count) + " of " +
                                          std::to_string(max_samples) + " samples"};
    }
    return static_cast<size_t>(count);
  }

  Result<void> Rewind() override {
    if (source_.rewind(source_.user)) return {};
    return Error{ErrorCode::kAudio, "the audio source failed: it can't be read again"};
  }

 private:
  const sotto_audio_source source_;
};

sotto::TranscribeOptions ReadOptions(const sotto_transcribe_options& options) {
  sotto::TranscribeOptions read;
  read.language = Text(options.language);
  if (options.task != nullptr) read.task = options.task;
  read.initial_prompt = Text(options.initial_prompt);
  read.hotwords = Text(options.hotwords);
  read.word_timestamps = options.word_timestamps;
  read.without_timestamps = options.without_timestamps;
  read.condition_on_previous_text = options.condition_on_previous_text;
  read.beam_size = options.beam_size;
  read.best_of = options.best_of;
  read.patience = Number(options.patience);
  read.length_penalty = Number(options.length_penalty);
  if (options.temperatures != nullptr) {
    read.temperatures.assign(options.temperatures,
                             options.temperatures + options.temperature_count);
  }
  read.compression_ratio_threshold = Number(options.compression_ratio_threshold);
  read.logprob_threshold = Number(options.logprob_threshold);
  read.no_speech_threshold = Number(options.no_speech_threshold);
  read.seed = options.seed;
  read.window = options.window;
  if (options.vad != nullptr) read.vad_filter = options.vad->detector;
  if (options.cancelled != nullptr) {
    read.cancelled = [options] { return options.cancelled(options.user); };
  }
  return read;
}

sotto::TranscribeCallbacks ReadCallbacks(const sotto_transcribe_options& options) {
  sotto::TranscribeCallbacks callbacks;
  if (options.on_segment != nullptr) {
    callbacks.on_segment = [options](const sotto::Segment& segment) {
      const sotto_segment given(segment);
      options.on_segment(&given, options.user);
    };
  }
  if (options.on_language != nullptr) {
    callbacks.on_language = [options](const std::string& language) {
      options.on_language(language.c_str(), options.user);
    };
  }
  if (options.on_progress != nullptr) {
    callbacks.on_progress = [options](double done, double duration) {
      options.on_progress(done, duration, options.user);
    };
  }
  return callbacks;
}

Result<sotto_transcription*> Transcribe(sotto_session* session, sotto::AudioSource* source,
                                        const sotto_transcribe_options* given) {
  if (session == nullptr) return Missing("session");
  SOTTO_ASSIGN_OR_RETURN(const sotto_transcribe_options options,
                         Sized(given, sotto_transcribe_options_init, "sotto_transcribe_options"));
  SOTTO_ASSIGN_OR_RETURN(
      sotto::Transcription result,
      session->session->Transcribe(source, ReadOptions(options), ReadCallbacks(options)));
  auto transcription = std::make_unique<sotto_transcription>();
  transcription->text = std::move(result.text);
  transcription->language = std::move(result.language);
  transcription->duration = result.duration;
  for (sotto::Segment& segment : result.segments) {
    transcription->segments.emplace_back(std::move(segment));
  }
  return transcription.release();
}

}  // namespace

void sotto_transcribe_options_init(sotto_transcribe_options* options) {
  const sotto::TranscribeOptions defaults;
  *options = {};
  options->size = sizeof(*options);
  options->condition_on_previous_text = defaults.condition_on_previous_text;
  options->patience = kUnset;
  options->length_penalty = kUnset;
  options->compression_ratio_threshold = *defaults.compression_ratio_threshold;
  options->logprob_threshold = *defaults.logprob_threshold;
  options->no_speech_threshold = *defaults.no_speech_threshold;
}

sotto_speech_model* sotto_speech_model_load(const sotto_bundle* bundle,
                                            const sotto_load_options* options,
                                            sotto_error** error) {
  return Guarded<sotto_speech_model*>(error, nullptr, [&]() -> Result<sotto_speech_model*> {
    if (bundle == nullptr) return Missing("bundle");
    SOTTO_ASSIGN_OR_RETURN(const sotto::LoadOptions load, sotto::capi::ReadLoadOptions(options));
    SOTTO_ASSIGN_OR_RETURN(auto model, sotto::SpeechModel::Create(*bundle->files, load));
    sotto::capi::LogFallback(model->info().fallback);
    return new sotto_speech_model{std::move(model)};
  });
}

void sotto_speech_model_free(sotto_speech_model* model) { delete model; }

const char* sotto_speech_model_name(const sotto_speech_model* model) {
  return model->model->info().name.c_str();
}

const char* sotto_speech_model_accelerator(const sotto_speech_model* model) {
  return model->model->info().accelerator.c_str();
}

bool sotto_speech_model_multilingual(const sotto_speech_model* model) {
  return model->model->info().multilingual();
}

sotto_session* sotto_session_new(const sotto_speech_model* model, sotto_error** error) {
  return Guarded<sotto_session*>(error, nullptr, [&]() -> Result<sotto_session*> {
    if (model == nullptr) return Missing("model");
    return new sotto_session{model->model->NewSession()};
  });
}

void sotto_session_free(sotto_session* session) { delete session; }

void sotto_session_cancel(sotto_session* session) { session->session->Cancel(); }

sotto_transcription* sotto_transcribe(sotto_session* session, const sotto_audio_source* source,
                                      const sotto_transcribe_options* options,
                                      sotto_error** error) {
  return Guarded<sotto_transcription*>(error, nullptr, [&]() -> Result<sotto_transcription*> {
    if (source == nullptr || source->size < sizeof(*source) || source->read == nullptr ||
        source->rewind == nullptr) {
      return Error{ErrorCode::kOption, "the audio source lacks its size, read or rewind"};
    }
    CallbackSource samples(*source);
    return Transcribe(session, &samples, options);
  });
}

sotto_transcription* sotto_transcribe_samples(sotto_session* session, const float* samples,
                                              size_t count, const sotto_transcribe_options* options,
                                              sotto_error** error) {
  return Guarded<sotto_transcription*>(error, nullptr, [&]() -> Result<sotto_transcription*> {
    if (samples == nullptr && count > 0) return Missing("samples");
    sotto::ArraySource source(samples, count);
    return Transcribe(session, &source, options);
  });
}

void sotto_transcription_free(sotto_transcription* transcription) { delete transcription; }

const char* sotto_transcription_text(const sotto_transcription* transcription) {
  return transcription->text.c_str();
}

const char* sotto_transcription_language(const sotto_transcription* transcription) {
  return transcription->language.c_str();
}

double sotto_transcription_duration(const sotto_transcription* transcription) {
  return transcription->duration;
}

size_t sotto_transcription_segment_count(const sotto_transcription* transcription) {
  return transcription->segments.size();
}

const sotto_segment* sotto_transcription_segment(const sotto_transcription* transcription,
                                                 size_t index) {
  return index < transcription->segments.size() ? &transcription->segments[index] : nullptr;
}

int sotto_segment_id(const sotto_segment* segment) { return segment->segment.id; }

int64_t sotto_segment_seek(const sotto_segment* segment) { return segment->segment.seek; }

double sotto_segment_start(const sotto_segment* segment) { return segment->segment.start; }

double sotto_segment_end(const sotto_segment* segment) { return segment->segment.end; }

const char* sotto_segment_text(const sotto_segment* segment) {
  return segment->segment.text.c_str();
}

double sotto_segment_temperature(const sotto_segment* segment) {
  return segment->segment.temperature;
}

double sotto_segment_avg_logprob(const sotto_segment* segment) {
  return segment->segment.avg_logprob;
}

double sotto_segment_compression_ratio(const sotto_segment* segment) {
  return segment->segment.compression_ratio;
}

double sotto_segment_no_speech_prob(const sotto_segment* segment) {
  return segment->segment.no_speech_prob;
}

const int* sotto_segment_tokens(const sotto_segment* segment, size_t* count) {
  if (count != nullptr) *count = segment->segment.tokens.size();
  return segment->segment.tokens.data();
}

size_t sotto_segment_word_count(const sotto_segment* segment) { return segment->words.size(); }

const sotto_word* sotto_segment_word(const sotto_segment* segment, size_t index) {
  return index < segment->words.size() ? &segment->words[index] : nullptr;
}

double sotto_word_start(const sotto_word* word) { return word->word.start; }

double sotto_word_end(const sotto_word* word) { return word->word.end; }

double sotto_word_probability(const sotto_word* word) { return word->word.probability; }

const char* sotto_word_text(const sotto_word* word) { return word->word.word.c_str(); }

bool sotto_detect_language(sotto_session* session, const float* samples, size_t count, char code[8],
                           float* probability, sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (session == nullptr) return Missing("session");
    if (samples == nullptr && count > 0) return Missing("samples");
    if (code == nullptr) return Missing("code");
    SOTTO_ASSIGN_OR_RETURN(const auto probabilities,
                           session->session->DetectLanguage(samples, count));
    const auto best = std::max_element(
        probabilities.begin(), probabilities.end(),
        [](const auto& one, const auto& other) { return one.second < other.second; });
    const size_t size = std::min<size_t>(best->first.size(), 7);
    best->first.copy(code, size);
    code[size] = '\0';
    if (probability != nullptr) *probability = best->second;
    return true;
  });
}

bool sotto_read_wav(const char* path, float** samples, size_t* count, sotto_error** error) {
  return Guarded(error, false, [&]() -> Result<bool> {
    if (path == nullptr) return Missing("path");
    if (samples == nullptr || count == nullptr) return Missing("samples or count");
    SOTTO_ASSIGN_OR_RETURN(sotto::WavReader reader, sotto::WavReader::Open(path));
    constexpr size_t kBlock = size_t{1} << 16;
    std::vector<float> all;
    for (size_t read = kBlock; read > 0;) {
      const size_t before = all.size();
      all.resize(before + kBlock);
      SOTTO_ASSIGN_OR_RETURN(read, reader.Read(all.data() + before, kBlock));
      all.resize(before + read);
    }
    auto* copy = static_cast<float*>(std::malloc(std::max<size_t>(1, all.size() * sizeof(float))));
    if (copy == nullptr) throw std::bad_alloc();
    std::copy(all.begin(), all.end(), copy);
    *samples = copy;
    *count = all.size();
    return true;
  });
}

void sotto_free(void* memory) { std::free(memory); }
