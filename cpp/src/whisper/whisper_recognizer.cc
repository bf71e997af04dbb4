#include "whisper/whisper_recognizer.h"

#include <utility>

#include "whisper/prompt_history.h"
#include "whisper/whisper_session.h"

namespace sotto {
namespace {

RecognizerInfo InfoOfWeights(const SpeechWeights& weights) {
  RecognizerInfo info = InfoOf(weights.bundle);
  info.accelerator = weights.accelerator;
  info.fallback = weights.fallback;
  return info;
}

}  // namespace

Result<std::shared_ptr<const Recognizer>> WhisperRecognizer::Open(const BundleFiles& files,
                                                                  const LoadOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(auto weights, SpeechWeights::Open(files, options));
  return std::shared_ptr<const Recognizer>(new WhisperRecognizer(std::move(weights)));
}

WhisperRecognizer::WhisperRecognizer(std::shared_ptr<const SpeechWeights> weights)
    : Recognizer(InfoOfWeights(*weights)), weights_(std::move(weights)) {}

Result<void> WhisperRecognizer::Validate(const TranscribeOptions& options) const {
  SOTTO_RETURN_IF_ERROR(options.Validate(info()));
  const auto history =
      PromptHistory::Create(options, weights_->bundle, weights_->tables->tokenizer);
  if (!history.ok()) return history.error();
  return {};
}

std::unique_ptr<RecognizerSession> WhisperRecognizer::NewSession() const {
  return std::make_unique<WhisperSession>(*weights_);
}

}  // namespace sotto
