#include "whisper/decoder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/cancellation.h"
#include "decode/log_softmax.h"
#include "decode/token_decoder.h"
#include "text/compression_ratio.h"
#include "whisper/initial_tokens.h"
#include "whisper/logits_filter.h"

namespace sotto {
namespace {

Result<void> CheckTokens(const char* option, const std::vector<int>& tokens, int min, int n_vocab) {
  for (int token : tokens) {
    if (token >= min && token < n_vocab) continue;
    return Error{ErrorCode::kOption, std::string(option) + " holds " + std::to_string(token) +
                                         ", expected token ids from " + std::to_string(min) +
                                         " to " + std::to_string(n_vocab - 1)};
  }
  return {};
}

Result<void> Check(const DecodeRequest& request, const WhisperBundle& bundle) {
  const int n_vocab = bundle.decoder.vocabulary;
  SOTTO_RETURN_IF_ERROR(CheckTokens("prompt", request.prompt, 0, n_vocab));
  SOTTO_RETURN_IF_ERROR(CheckTokens("prefix", request.prefix, 0, n_vocab));
  SOTTO_RETURN_IF_ERROR(CheckTokens("suppress_tokens", request.suppress_tokens, -1, n_vocab));
  if (bundle.multilingual() && bundle.vocabulary.languages.count(request.language) == 0) {
    return Error{ErrorCode::kOption, "language \"" + request.language + "\": the model " +
                                         bundle.name + " does not know it"};
  }
  return {};
}

// One window's texts from the initial tokens to the end: DecodingTask's main loop.
class WindowTask {
 public:
  WindowTask(const DecodeRequest& request, const WhisperBundle& bundle, WhisperGraphs* graphs)
      : request_(request),
        bundle_(bundle),
        kv_(graphs->decoder()),
        n_vocab_(static_cast<size_t>(bundle.decoder.vocabulary)),
        filters_(MakeFilters(request, bundle, graphs->window())),
        decoder_(MakeTokenDecoder(request, bundle.vocabulary.eot, n_vocab_)) {}

  float no_speech_prob() const { return no_speech_prob_; }

  // The texts to choose from.
  Result<std::vector<Hypothesis>> Run() {
    const InitialTokens initial = MakeInitialTokens(request_, bundle_);
    SOTTO_RETURN_IF_ERROR(Start(initial));
    const int sample_len = SampleLength(request_, bundle_);
    int length = static_cast<int>(initial.tokens.size());
    for (int i = 1;; ++i) {
      const std::vector<size_t> parents = decoder_->Update(FilteredLogits());
      if (parents.empty() || i == sample_len || ++length > bundle_.decoder.cache) break;
      SOTTO_RETURN_IF_ERROR(kv_->Fork(parents));
      for (size_t text = 0; text < parents.size(); ++text) {
        SOTTO_RETURN_IF_ERROR(Step(decoder_->live()[text].tokens.back(), text));
      }
    }
    return decoder_->Finalize();
  }

 private:
  // Runs what all texts begin with, once.
  Result<void> Start(const InitialTokens& initial) {
    kv_->Restart();
    const auto sot = initial.tokens.begin() + static_cast<std::ptrdiff_t>(initial.sot_index);
    SOTTO_RETURN_IF_ERROR(kv_->Feed({initial.tokens.begin(), sot}, request_.cancelled));
    SOTTO_RETURN_IF_ERROR(Step(*sot, 0));
    const float* logits = logits_[0].data();
    const LogSoftmax log_softmax(logits, n_vocab_);
    no_speech_prob_ = std::exp(log_softmax(logits[bundle_.vocabulary.no_speech]));
    if (sot + 1 == initial.tokens.end()) return {};
    const auto last = initial.tokens.end() - 1;
    SOTTO_RETURN_IF_ERROR(kv_->Feed({sot + 1, last}, request_.cancelled));
    return Step(*last, 0);
  }

  Result<void> Step(int token, size_t text) {
    SOTTO_RETURN_IF_ERROR(StopIf(request_.cancelled));
    SOTTO_ASSIGN_OR_RETURN(const float* logits, kv_->Step(token, text));
    if (logits_.size() <= text) logits_.resize(text + 1);
    logits_[text].assign(logits, logits + n_vocab_);
    return {};
  }

  std::vector<const float*> FilteredLogits() {
    std::vector<const float*> filtered;
    for (size_t text = 0; text < decoder_->live().size(); ++text) {
      float* logits = logits_[text].data();
      for (const auto& filter : filters_) filter->Apply(decoder_->live()[text].tokens, logits);
      filtered.push_back(logits);
    }
    return filtered;
  }

  const DecodeRequest& request_;
  const WhisperBundle& bundle_;
  KvDecoder* kv_;
  size_t n_vocab_;
  LogitsFilters filters_;
  std::unique_ptr<TokenDecoder> decoder_;
  std::vector<std::vector<float>> logits_;  // [n_vocab], by live text
  float no_speech_prob_ = 0;
};

}  // namespace

Decoder::Decoder(const WhisperBundle& bundle, const Tokenizer& tokenizer)
    : bundle_(bundle), tokenizer_(tokenizer) {}

Result<std::map<std::string, float>> Decoder::DetectLanguage(const std::function<bool()>& cancelled,
                                                             WhisperGraphs* graphs) const {
  if (!bundle_.multilingual()) {
    return Error{ErrorCode::kOption,
                 "the model " + bundle_.name + " is English-only: it can't tell languages apart"};
  }
  KvDecoder* kv = graphs->decoder();
  kv->Restart();
  SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
  SOTTO_ASSIGN_OR_RETURN(const float* logits, kv->Step(bundle_.vocabulary.sot));
  std::vector<float> scores;
  for (const auto& [code, id] : bundle_.vocabulary.languages) scores.push_back(logits[id]);
  const LogSoftmax log_softmax(scores.data(), scores.size());
  std::map<std::string, float> probabilities;
  for (const auto& [code, id] : bundle_.vocabulary.languages) {
    probabilities[code] = std::exp(log_softmax(logits[id]));
  }
  return probabilities;
}

Result<DecodedWindow> Decoder::Decode(const DecodeRequest& request, WhisperGraphs* graphs) const {
  SOTTO_RETURN_IF_ERROR(Check(request, bundle_));
  WindowTask task(request, bundle_, graphs);
  SOTTO_ASSIGN_OR_RETURN(std::vector<Hypothesis> candidates, task.Run());
  Hypothesis& chosen = candidates[MostLikely(candidates, request.length_penalty)];
  DecodedWindow decoded;
  decoded.tokens = std::move(chosen.tokens);
  decoded.token_logprobs = std::move(chosen.logprobs);
  decoded.text = std::string(TrimWhitespace(tokenizer_.Decode(decoded.tokens)));
  decoded.temperature = request.temperature;
  decoded.avg_logprob = chosen.sum_logprob / static_cast<float>(decoded.tokens.size() + 1);
  decoded.no_speech_prob = task.no_speech_prob();
  decoded.compression_ratio = CompressionRatio(decoded.text);
  return decoded;
}

}  // namespace sotto
