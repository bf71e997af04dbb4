#include "sotto/transcribe_options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "sotto/recognizer.h"

namespace sotto {
namespace {

constexpr int kMaxTexts = 64;  // decoded side by side: each has caches of its own

template <typename T>
Error OutOfRange(const std::string& option, const T& value, const std::string& expected) {
  std::ostringstream text;
  text << option << " " << value << ": expected " << expected;
  return Error{ErrorCode::kOption, text.str()};
}

// Unset is always in range.
Result<void> CheckRange(const char* option, std::optional<double> value, double min, double max,
                        const char* expected) {
  if (!value || (*value >= min && *value <= max && std::isfinite(*value))) return {};
  return OutOfRange(option, *value, expected);
}

Result<void> CheckLanguage(const DecodeOptions& options, const RecognizerInfo& info) {
  const std::string& language = options.language;
  if (!info.multilingual()) {
    if (options.task != "translate" && (language.empty() || language == "en")) return {};
    return Error{ErrorCode::kOption, "language \"" + language + "\", task \"" + options.task +
                                         "\": the model " + info.name +
                                         " transcribes English only; use a multilingual one"};
  }
  const auto& known = info.languages;
  if (language.empty() || std::find(known.begin(), known.end(), language) != known.end()) return {};
  std::string codes;
  for (const std::string& code : known) codes += " " + code;
  return OutOfRange("language", "\"" + language + "\"", "nothing (to detect it) or one of" + codes);
}

Result<void> CheckSearch(const DecodeOptions& options) {
  const std::string texts = "0 (one text) to " + std::to_string(kMaxTexts);
  if (options.best_of < 0 || options.best_of > kMaxTexts) {
    return OutOfRange("best_of", options.best_of, texts);
  }
  if (options.beam_size < 0 || options.beam_size > kMaxTexts) {
    return OutOfRange("beam_size", options.beam_size, texts);
  }
  constexpr double kMax = 1000;
  if (options.patience &&
      !(std::isfinite(*options.patience) && *options.patience > 0 && *options.patience <= kMax)) {
    return OutOfRange("patience", *options.patience, "a number above 0, 1000 at most");
  }
  if (options.patience && options.beam_size == 0) {
    return OutOfRange("patience", *options.patience,
                      "nothing without beam_size; give a beam_size, too");
  }
  return CheckRange("length_penalty", options.length_penalty, 0, 1, "0 to 1, or nothing");
}

Result<void> CheckTemperatures(const TranscribeOptions& options) {
  const std::vector<double>& temperatures = options.temperatures;
  if (temperatures.empty()) {
    return Error{ErrorCode::kOption, "temperature: expected one or more numbers from 0 to 1"};
  }
  constexpr double kMax = 1 + 1e-6;  // steps of a tenth add up to a little more than 1
  for (double temperature : temperatures) {
    SOTTO_RETURN_IF_ERROR(
        CheckRange("temperature", temperature, 0, kMax, "a finite number from 0 to 1"));
  }
  const bool draws = std::any_of(temperatures.begin(), temperatures.end(),
                                 [](double temperature) { return temperature > 0; });
  if (options.best_of > 0 && !draws) {
    return Error{ErrorCode::kOption, "best_of " + std::to_string(options.best_of) +
                                         ": needs a temperature above 0, as at 0 all samples are "
                                         "the same; give one, or use beam_size"};
  }
  return {};
}

Result<void> CheckThresholds(const TranscribeOptions& options) {
  constexpr double kAny = std::numeric_limits<double>::max();
  const char* expected = "a finite number, or nothing";
  SOTTO_RETURN_IF_ERROR(CheckRange("compression_ratio_threshold",
                                   options.compression_ratio_threshold, -kAny, kAny, expected));
  SOTTO_RETURN_IF_ERROR(
      CheckRange("logprob_threshold", options.logprob_threshold, -kAny, kAny, expected));
  return CheckRange("no_speech_threshold", options.no_speech_threshold, -kAny, kAny, expected);
}

Result<void> CheckClips(const std::vector<double>& clip_timestamps) {
  double before = 0;
  for (double seconds : clip_timestamps) {
    if (!std::isfinite(seconds) || seconds < before) {
      std::ostringstream expected;
      expected << "finite seconds in ascending order, here from " << before << " on";
      return OutOfRange("clip_timestamps", seconds, expected.str());
    }
    before = seconds;
  }
  return {};
}

Result<void> CheckWords(const TranscribeOptions& options, const RecognizerInfo& info) {
  if (options.hallucination_silence_threshold) {
    SOTTO_RETURN_IF_ERROR(CheckRange("hallucination_silence_threshold",
                                     options.hallucination_silence_threshold, 0, 1e6,
                                     "0 or more seconds, or nothing"));
    if (!options.word_timestamps) {
      return OutOfRange("hallucination_silence_threshold", *options.hallucination_silence_threshold,
                        "nothing without word_timestamps; turn word_timestamps on, too");
    }
  }
  if (!options.word_timestamps) return {};
  for (const RecognizerInfo::Window& window : info.windows) {
    if (window.words) continue;
    return Error{ErrorCode::kOption, "word_timestamps: the bundle " + info.bundle +
                                         " has no alignment graph for its window of " +
                                         std::to_string(window.seconds) +
                                         " seconds; make it again: sotto convert " + info.name};
  }
  return {};
}

Result<void> CheckWindow(int seconds, const RecognizerInfo& info) {
  if (seconds == 0) return {};
  std::string known;
  for (const RecognizerInfo::Window& window : info.windows) {
    if (window.seconds == seconds) return {};
    known += " " + std::to_string(window.seconds);
  }
  return Error{ErrorCode::kOption, "window " + std::to_string(seconds) +
                                       ": the bundle has windows of" + known +
                                       " seconds; 0 chooses by the audio's length"};
}

}  // namespace

Result<void> DecodeOptions::Validate(const RecognizerInfo& info) const {
  if (task != "transcribe" && task != "translate") {
    return OutOfRange("task", "\"" + task + "\"", "\"transcribe\" or \"translate\"");
  }
  SOTTO_RETURN_IF_ERROR(CheckLanguage(*this, info));
  if (sample_len < 0 || sample_len > info.longest_text) {
    return OutOfRange("sample_len", sample_len, "0 to " + std::to_string(info.longest_text));
  }
  SOTTO_RETURN_IF_ERROR(CheckSearch(*this));
  for (int token : suppress_tokens) {
    if (token >= -1 && token < info.vocabulary) continue;
    return OutOfRange("suppress_tokens", token,
                      "-1 (symbols that are not speech) or token ids from 0 to " +
                          std::to_string(info.vocabulary - 1));
  }
  return CheckRange("max_initial_timestamp", max_initial_timestamp, 0, 1e6,
                    "0 or more seconds, or nothing");
}

Result<void> TranscribeOptions::Validate(const RecognizerInfo& info) const {
  SOTTO_RETURN_IF_ERROR(CheckWindow(window, info));
  SOTTO_RETURN_IF_ERROR(DecodeOptions::Validate(info));
  SOTTO_RETURN_IF_ERROR(CheckTemperatures(*this));
  SOTTO_RETURN_IF_ERROR(CheckThresholds(*this));
  SOTTO_RETURN_IF_ERROR(CheckClips(clip_timestamps));
  SOTTO_RETURN_IF_ERROR(CheckWords(*this, info));
  const Result<void> checked = vad.Validate();
  if (checked.ok()) return {};
  // Beside the others its options are called vad_….
  return Error{checked.error().code, "vad_" + checked.error().message};
}

}  // namespace sotto
