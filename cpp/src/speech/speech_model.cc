#include "sotto/speech_model.h"

#include <utility>

#include "base/idle_pool.h"
#include "speech/speech_session_impl.h"
#include "whisper/whisper_recognizer.h"

namespace sotto {

class SpeechModel::Pool : public IdlePool<SpeechSession> {
 public:
  using IdlePool::IdlePool;
};

Result<std::shared_ptr<const SpeechModel>> SpeechModel::Create(const BundleFiles& files,
                                                               const LoadOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(auto recognizer, WhisperRecognizer::Open(files, options));
  return std::make_shared<const SpeechModel>(std::move(recognizer));
}

SpeechModel::SpeechModel(std::shared_ptr<const Recognizer> recognizer)
    : recognizer_(std::move(recognizer)), idle_(std::make_unique<Pool>(kMaxIdleSessions)) {}
SpeechModel::~SpeechModel() = default;

const RecognizerInfo& SpeechModel::info() const { return recognizer_->info(); }

std::unique_ptr<SpeechSession> SpeechModel::NewSession() const {
  return std::unique_ptr<SpeechSession>(
      new SpeechSession(std::make_unique<SpeechSession::Impl>(recognizer_)));
}

Result<Transcription> SpeechModel::Transcribe(AudioSource* source, const TranscribeOptions& options,
                                              const TranscribeCallbacks& callbacks) const {
  std::unique_ptr<SpeechSession> session = idle_->Take();
  if (session == nullptr) session = NewSession();
  Result<Transcription> result = session->Transcribe(source, options, callbacks);
  idle_->Give(std::move(session));
  return result;
}

Result<Transcription> SpeechModel::TranscribeWindow(const float* samples, size_t count,
                                                    const std::vector<int>& prompt,
                                                    const TranscribeOptions& options) const {
  std::unique_ptr<SpeechSession> session = idle_->Take();
  if (session == nullptr) session = NewSession();
  Result<Transcription> result = session->TranscribeWindow(samples, count, prompt, options);
  idle_->Give(std::move(session));
  return result;
}

void SpeechModel::Close() const {
  recognizer_->Close();
  idle_->Close();
}

}  // namespace sotto
