#include "decoder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace sotto {
namespace {

// log(sum(exp(logits))), in double: 50,000 terms.
double LogSumExp(const float* logits, size_t count) {
  const double largest = *std::max_element(logits, logits + count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += std::exp(logits[i] - largest);
  return largest + std::log(sum);
}

}  // namespace

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
  if (max_tokens < 0 || max_tokens > bundle.cache) {
    return Error{ErrorCode::kOption, "max_tokens " + std::to_string(max_tokens) +
                                         ": expected 0 to " + std::to_string(bundle.cache)};
  }
  return {};
}

Decoder::Decoder(const Bundle& bundle)
    : bundle_(bundle), filtered_(static_cast<size_t>(bundle.dims.n_vocab)) {
  filters_.push_back(std::make_unique<SuppressAtBegin>(bundle.vocabulary.suppress_at_begin));
  filters_.push_back(std::make_unique<SuppressTokens>(bundle.vocabulary.suppress));
}

Result<DecodedWindow> Decoder::Decode(const DecodeOptions& options, WhisperGraphs* graphs) {
  const Vocabulary& vocabulary = bundle_.vocabulary;
  DecodedWindow decoded;
  decoded.language = bundle_.multilingual() ? options.language : "en";

  graphs->Restart();
  SOTTO_ASSIGN_OR_RETURN(const float* logits, Step(options, vocabulary.sot, graphs));
  const size_t count = filtered_.size();
  decoded.no_speech_probability =
      static_cast<float>(std::exp(logits[vocabulary.no_speech] - LogSumExp(logits, count)));
  std::vector<int> start;
  if (bundle_.multilingual()) {
    // The step that shows the language is the first of the text, too.
    if (decoded.language.empty()) DetectLanguage(logits, &decoded);
    start.push_back(vocabulary.languages.at(decoded.language));
    start.push_back(options.task == "translate" ? vocabulary.translate : vocabulary.transcribe);
  }
  start.push_back(vocabulary.no_timestamps);
  for (int token : start) {
    SOTTO_ASSIGN_OR_RETURN(logits, Step(options, token, graphs));
  }
  SOTTO_RETURN_IF_ERROR(Sample(options, logits, graphs, &decoded));
  return decoded;
}

Result<const float*> Decoder::Step(const DecodeOptions& options, int token, WhisperGraphs* graphs) {
  if (options.cancelled && options.cancelled()) {
    return Error{ErrorCode::kCancelled, "the transcription was cancelled"};
  }
  return graphs->Step(token);
}

void Decoder::DetectLanguage(const float* logits, DecodedWindow* decoded) const {
  std::vector<float> scores;
  for (const auto& [code, id] : bundle_.vocabulary.languages) scores.push_back(logits[id]);
  const double sum = LogSumExp(scores.data(), scores.size());
  size_t i = 0;
  float best = -1;
  for (const auto& [code, id] : bundle_.vocabulary.languages) {
    const float probability = static_cast<float>(std::exp(scores[i++] - sum));
    decoded->language_probabilities[code] = probability;
    if (probability > best) {
      best = probability;
      decoded->language = code;
    }
  }
}

Result<void> Decoder::Sample(const DecodeOptions& options, const float* logits,
                             WhisperGraphs* graphs, DecodedWindow* decoded) {
  const int most = options.max_tokens > 0 ? options.max_tokens : bundle_.dims.n_text_ctx / 2;
  const int eot = bundle_.vocabulary.eot;
  double log_probability = 0;
  for (int i = 0; i < most; ++i) {
    std::copy_n(logits, filtered_.size(), filtered_.begin());
    for (const auto& filter : filters_) filter->Apply(decoded->tokens, filtered_.data());
    const auto best = std::max_element(filtered_.begin(), filtered_.end());
    const int token = static_cast<int>(best - filtered_.begin());
    log_probability += *best - LogSumExp(filtered_.data(), filtered_.size());
    if (token == eot) break;
    decoded->tokens.push_back(token);
    if (i + 1 == most || graphs->position() >= bundle_.cache) break;
    SOTTO_ASSIGN_OR_RETURN(logits, Step(options, token, graphs));
  }
  decoded->average_log_probability =
      static_cast<float>(log_probability / static_cast<double>(decoded->tokens.size() + 1));
  return {};
}

}  // namespace sotto
