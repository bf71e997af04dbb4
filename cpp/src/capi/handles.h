// What the opaque handles of sotto.h are, and how errors and exceptions become sotto_error.

#ifndef SOTTO_SRC_CAPI_HANDLES_H_
#define SOTTO_SRC_CAPI_HANDLES_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "sotto.h"
#include "sotto/bundle_files.h"
#include "sotto/embedding_model.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/speech_model.h"
#include "sotto/speech_session.h"
#include "sotto/stream.h"
#include "sotto/transcription.h"
#include "sotto/vad.h"

struct sotto_error {
  sotto_error_code code;
  std::string message;
};

struct sotto_bundle {
  std::shared_ptr<const sotto::BundleFiles> files;
};

struct sotto_speech_model {
  std::shared_ptr<const sotto::SpeechModel> model;
};

struct sotto_vad {
  std::shared_ptr<const sotto::VoiceActivityDetector> detector;
};

struct sotto_vad_stream {
  sotto::VadStream stream;
};

struct sotto_session {
  std::unique_ptr<sotto::SpeechSession> session;
};

struct sotto_word {
  sotto::Word word;
};

struct sotto_segment {
  explicit sotto_segment(sotto::Segment from) : segment(std::move(from)) {
    for (sotto::Word& word : segment.words) words.push_back({std::move(word)});
    segment.words.clear();
  }

  sotto::Segment segment;
  std::vector<sotto_word> words;
};

struct sotto_transcription {
  std::string text;
  std::string language;
  double duration;
  std::vector<sotto_segment> segments;
};

struct sotto_stream {
  std::unique_ptr<sotto::Stream> stream;
};

struct sotto_stream_update {
  sotto::StreamUpdate update;
  std::vector<sotto_word> confirmed;
  std::vector<sotto_word> tentative;
};

struct sotto_encoder {
  std::shared_ptr<const sotto::EmbeddingModel> model;
};

namespace sotto::capi {

// Gives the caller the error, where it asked for one; if memory for it runs out, a constant one.
void Fail(const Error& error, sotto_error** out) noexcept;
void FailForMemory(sotto_error** out) noexcept;

// The value of `call`, a Result, or `otherwise` where it failed. No exception gets out.
template <typename Value, typename Call>
Value Guarded(sotto_error** error, Value otherwise, const Call& call) noexcept {
  try {
    auto result = call();
    if (result.ok()) return std::move(result).value();
    Fail(result.error(), error);
  } catch (const std::bad_alloc&) {
    FailForMemory(error);
  } catch (const std::exception& unexpected) {
    Fail({ErrorCode::kModel, unexpected.what()}, error);
  }
  return otherwise;
}

// A struct of the caller's, which may be of an older header: what it lacks has its default. `Init`
// is the function that sets the defaults. kOption if its size can't be one.
template <typename Options>
Result<Options> Sized(const Options* given, void (*init)(Options*), const char* name) {
  Options options;
  init(&options);
  if (given == nullptr) return options;
  const size_t size = given->size;
  if (size < sizeof(size) || size > (size_t{1} << 16)) {
    return Error{ErrorCode::kOption, std::string(name) + " has size " + std::to_string(size) +
                                         ": initialise it with its _init function"};
  }
  std::memcpy(&options, given, std::min(size, sizeof(options)));
  options.size = sizeof(options);
  return options;
}

inline std::string Text(const char* text) { return text == nullptr ? "" : text; }

inline Error Missing(const char* name) {
  return {ErrorCode::kOption, std::string(name) + " is NULL"};
}

Result<LoadOptions> ReadLoadOptions(const sotto_load_options* options);

// Says in the log why a model runs on the CPU and not the NPU; nothing where `why` is empty.
void LogFallback(const std::string& why);

}  // namespace sotto::capi

#endif  // SOTTO_SRC_CAPI_HANDLES_H_
