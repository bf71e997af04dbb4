// Rules on what may be sampled: openai-whisper's LogitFilter classes (whisper/decoding.py).

#ifndef SOTTO_SRC_WHISPER_LOGITS_FILTER_H_
#define SOTTO_SRC_WHISPER_LOGITS_FILTER_H_

#include <memory>
#include <utility>
#include <vector>

#include "whisper/decode_request.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

class LogitsFilter {
 public:
  virtual ~LogitsFilter() = default;

  // logits [n_vocab], changed in place: -infinity where a token may not come next.
  // sampled: the tokens sampled so far, without the initial tokens and thus without the prefix.
  virtual void Apply(const std::vector<int>& sampled, float* logits) const = 0;
};

// Never: symbols that are not speech, and control tokens (SuppressTokens).
class SuppressTokens : public LogitsFilter {
 public:
  explicit SuppressTokens(std::vector<int> tokens) : tokens_(std::move(tokens)) {}
  void Apply(const std::vector<int>& sampled, float* logits) const override;

 private:
  std::vector<int> tokens_;
};

// Not at first: a space, the end of the text (SuppressBlank).
class SuppressAtBegin : public LogitsFilter {
 public:
  explicit SuppressAtBegin(std::vector<int> tokens) : tokens_(std::move(tokens)) {}
  void Apply(const std::vector<int>& sampled, float* logits) const override;

 private:
  std::vector<int> tokens_;
};

using LogitsFilters = std::vector<std::unique_ptr<LogitsFilter>>;

// The filters that `request` asks for, in the reference's order. Its tokens must be in the
// vocabulary.
LogitsFilters MakeFilters(const DecodeRequest& request, const WhisperBundle& bundle,
                          const Window& window);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_LOGITS_FILTER_H_
