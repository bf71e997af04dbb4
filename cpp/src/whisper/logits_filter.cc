#include "whisper/logits_filter.h"

#include <algorithm>
#include <limits>

#include "whisper/timestamp_rules.h"

namespace sotto {
namespace {

void Forbid(const std::vector<int>& tokens, float* logits) {
  for (int token : tokens) logits[token] = -std::numeric_limits<float>::infinity();
}

// whisper/decoding.py, _get_suppress_tokens. The bundle's own list holds the control tokens.
std::vector<int> TokensToSuppress(const std::vector<int>& requested,
                                  const WhisperVocabulary& vocabulary) {
  std::vector<int> tokens = {vocabulary.transcribe, vocabulary.translate, vocabulary.sot,
                             vocabulary.sot_prev,   vocabulary.sot_lm,    vocabulary.no_speech};
  for (int token : requested) {
    if (token >= 0) {
      tokens.push_back(token);
    } else {
      tokens.insert(tokens.end(), vocabulary.suppress.begin(), vocabulary.suppress.end());
    }
  }
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

}  // namespace

void SuppressTokens::Apply(const std::vector<int>&, float* logits) const {
  Forbid(tokens_, logits);
}

void SuppressAtBegin::Apply(const std::vector<int>& sampled, float* logits) const {
  if (sampled.empty()) Forbid(tokens_, logits);
}

LogitsFilters MakeFilters(const DecodeRequest& request, const WhisperBundle& bundle,
                          const Window& window) {
  const WhisperVocabulary& vocabulary = bundle.vocabulary;
  LogitsFilters filters;
  if (request.suppress_blank) {
    filters.push_back(std::make_unique<SuppressAtBegin>(vocabulary.suppress_at_begin));
  }
  if (!request.suppress_tokens.empty()) {
    filters.push_back(
        std::make_unique<SuppressTokens>(TokensToSuppress(request.suppress_tokens, vocabulary)));
  }
  if (!request.without_timestamps) {
    filters.push_back(std::make_unique<TimestampRules>(TimestampRules::Limits{
        vocabulary.eot, vocabulary.no_timestamps, vocabulary.timestamp_begin,
        bundle.decoder.vocabulary, static_cast<int>(window.frames / kFramesPerTimestamp),
        LastInitialTimestamp(request.max_initial_timestamp, bundle.audio_context)}));
  }
  return filters;
}

}  // namespace sotto
