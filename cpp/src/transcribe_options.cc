#include "sotto/transcribe_options.h"

namespace sotto {

Result<void> DecodeOptions::Validate(const Bundle& bundle) const {
  if (task != "transcribe" && task != "translate") {
    return Error{ErrorCode::kOption,
                 "task \"" + task + "\": expected \"transcribe\" or \"translate\""};
  }
  if (!bundle.multilingual()) {
    if (task == "translate" || !(language.empty() || language == "en")) {
      return Error{ErrorCode::kOption, "language \"" + language + "\", task \"" + task +
                                           "\": the model " + bundle.name +
                                           " transcribes English only; use a multilingual one"};
    }
  } else if (!language.empty() && bundle.vocabulary.languages.count(language) == 0) {
    std::string codes;
    for (const auto& [code, id] : bundle.vocabulary.languages) codes += " " + code;
    return Error{ErrorCode::kOption, "language \"" + language +
                                         "\": expected nothing (to detect it) or one of" + codes};
  }
  if (sample_len < 0 || sample_len > bundle.cache) {
    return Error{ErrorCode::kOption, "sample_len " + std::to_string(sample_len) +
                                         ": expected 0 to " + std::to_string(bundle.cache)};
  }
  return {};
}

Result<void> TranscribeOptions::Validate(const Bundle& bundle) const {
  if (window != 0) {
    std::string known;
    for (const Window& candidate : bundle.windows) {
      if (candidate.seconds == window) return DecodeOptions::Validate(bundle);
      known += " " + std::to_string(candidate.seconds);
    }
    return Error{ErrorCode::kOption, "window " + std::to_string(window) +
                                         ": the bundle has windows of" + known +
                                         " seconds; 0 chooses by the audio's length"};
  }
  return DecodeOptions::Validate(bundle);
}

}  // namespace sotto
