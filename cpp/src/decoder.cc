#include "decoder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "logits_filter.h"

namespace sotto {
namespace {

// log(sum(exp(logits))), in double: 50,000 terms.
double LogSumExp(const float* logits, size_t count) {
  const double largest = *std::max_element(logits, logits + count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += std::exp(logits[i] - largest);
  return largest + std::log(sum);
}

Result<const float*> Step(const DecodeRequest& request, int token, WhisperGraphs* graphs) {
  if (request.cancelled && request.cancelled()) {
    return Error{ErrorCode::kCancelled, "the transcription was cancelled"};
  }
  return graphs->Step(token);
}

}  // namespace

Decoder::Decoder(const Bundle& bundle, const Tokenizer& tokenizer)
    : bundle_(bundle), tokenizer_(tokenizer) {}

Result<std::map<std::string, float>> Decoder::DetectLanguage(WhisperGraphs* graphs) const {
  graphs->Restart();
  SOTTO_ASSIGN_OR_RETURN(const float* logits, graphs->Step(bundle_.vocabulary.sot));
  std::vector<float> scores;
  for (const auto& [code, id] : bundle_.vocabulary.languages) scores.push_back(logits[id]);
  const double sum = LogSumExp(scores.data(), scores.size());
  std::map<std::string, float> probabilities;
  size_t i = 0;
  for (const auto& [code, id] : bundle_.vocabulary.languages) {
    probabilities[code] = static_cast<float>(std::exp(scores[i++] - sum));
  }
  return probabilities;
}

Result<DecodedWindow> Decoder::Decode(const DecodeRequest& request, WhisperGraphs* graphs) const {
  const Vocabulary& vocabulary = bundle_.vocabulary;
  const size_t count = static_cast<size_t>(bundle_.dims.n_vocab);
  LogitsFilters filters;
  filters.push_back(std::make_unique<SuppressAtBegin>(vocabulary.suppress_at_begin));
  filters.push_back(std::make_unique<SuppressTokens>(vocabulary.suppress));

  graphs->Restart();
  DecodedWindow decoded;
  SOTTO_ASSIGN_OR_RETURN(const float* logits, Step(request, vocabulary.sot, graphs));
  decoded.no_speech_prob =
      static_cast<float>(std::exp(logits[vocabulary.no_speech] - LogSumExp(logits, count)));
  std::vector<int> start;
  if (bundle_.multilingual()) {
    start.push_back(vocabulary.languages.at(request.language));
    start.push_back(request.task == "translate" ? vocabulary.translate : vocabulary.transcribe);
  }
  start.push_back(vocabulary.no_timestamps);
  for (int token : start) {
    SOTTO_ASSIGN_OR_RETURN(logits, Step(request, token, graphs));
  }
  std::vector<float> filtered(count);
  const int most = request.sample_len > 0 ? request.sample_len : bundle_.dims.n_text_ctx / 2;
  double sum = 0;
  for (int i = 0; i < most; ++i) {
    std::copy_n(logits, count, filtered.begin());
    for (const auto& filter : filters) filter->Apply(decoded.tokens, filtered.data());
    const auto best = std::max_element(filtered.begin(), filtered.end());
    const int token = static_cast<int>(best - filtered.begin());
    const double logprob = *best - LogSumExp(filtered.data(), count);
    sum += logprob;
    if (token == vocabulary.eot) break;
    decoded.tokens.push_back(token);
    decoded.token_logprobs.push_back(static_cast<float>(logprob));
    if (i + 1 == most || graphs->position() >= bundle_.cache) break;
    SOTTO_ASSIGN_OR_RETURN(logits, Step(request, token, graphs));
  }
  decoded.avg_logprob = static_cast<float>(sum / static_cast<double>(decoded.tokens.size() + 1));
  decoded.text = std::string(TrimWhitespace(tokenizer_.Decode(decoded.tokens)));
  return decoded;
}

}  // namespace sotto
