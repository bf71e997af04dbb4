#include "whisper/initial_tokens.h"

#include <algorithm>

namespace sotto {
namespace {

std::vector<int> StartOfTranscript(const DecodeRequest& request, const WhisperBundle& bundle) {
  const WhisperVocabulary& vocabulary = bundle.vocabulary;
  std::vector<int> tokens = {vocabulary.sot};
  if (bundle.multilingual()) {
    tokens.push_back(vocabulary.languages.at(request.language));
    tokens.push_back(request.task == "translate" ? vocabulary.translate : vocabulary.transcribe);
  }
  if (request.without_timestamps) tokens.push_back(vocabulary.no_timestamps);
  return tokens;
}

// Python's tokens[-count:], which for a count of 0 is all of them and for a negative one all
// but the first -count.
std::vector<int> SliceFromEnd(const std::vector<int>& tokens, int count) {
  const int size = static_cast<int>(tokens.size());
  const int first = count > 0 ? std::max(0, size - count) : std::min(size, -count);
  return {tokens.begin() + first, tokens.end()};
}

std::vector<int> Last(const std::vector<int>& tokens, int count) {
  return count > 0 ? SliceFromEnd(tokens, count) : std::vector<int>();
}

}  // namespace

int SampleLength(const DecodeRequest& request, const WhisperBundle& bundle) {
  return request.sample_len > 0 ? request.sample_len : bundle.decoder.context / 2;
}

InitialTokens MakeInitialTokens(const DecodeRequest& request, const WhisperBundle& bundle) {
  const int half = bundle.decoder.context / 2;
  const int sample_len = SampleLength(request, bundle);
  std::vector<int> own = StartOfTranscript(request, bundle);
  std::vector<int> prefix = SliceFromEnd(request.prefix, half - sample_len);
  prefix = Last(prefix, bundle.decoder.cache - static_cast<int>(own.size()));
  own.insert(own.end(), prefix.begin(), prefix.end());

  int room = bundle.decoder.cache - static_cast<int>(own.size()) - 1;  // 1: sot_prev
  // A cache shorter than the model's context is kept for the window's own text first.
  if (bundle.decoder.cache < bundle.decoder.context) room -= sample_len;
  const std::vector<int> prompt = Last(request.prompt, std::min(half - 1, room));
  InitialTokens initial;
  if (!prompt.empty()) {
    initial.tokens.push_back(bundle.vocabulary.sot_prev);
    initial.tokens.insert(initial.tokens.end(), prompt.begin(), prompt.end());
  }
  initial.sot_index = initial.tokens.size();
  initial.tokens.insert(initial.tokens.end(), own.begin(), own.end());
  return initial;
}

}  // namespace sotto
