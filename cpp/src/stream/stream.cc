#include "sotto/stream.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/one_call.h"
#include "sotto/log_mel.h"
#include "sotto/recognizer.h"
#include "stream/stream_loop.h"

namespace sotto {
namespace {

// Loops are cut short: no language takes more tokens a second of speech.
constexpr int kTokensASecond = 20;
constexpr int kMinTokens = 20;

TranscribeOptions ForDecoding(const StreamOptions& options) {
  TranscribeOptions decoding;
  decoding.task = options.task;
  decoding.window = options.window;
  decoding.cancelled = options.cancelled;
  decoding.initial_prompt = options.initial_prompt;
  decoding.without_timestamps = true;  // a word's time comes of its alignment
  return decoding;
}

StreamDecode Decoding(std::shared_ptr<const SpeechModel> model, const StreamOptions& options) {
  const int max = model->info().sample_len;
  return [model = std::move(model), max, decoding = ForDecoding(options)](
             const float* samples, size_t count, const std::vector<int>& prompt,
             const std::string& language) mutable -> Result<StreamHypothesis> {
    const int seconds = static_cast<int>(count / kSampleRate) + 1;
    decoding.language = language;
    decoding.sample_len = std::min(max, kMinTokens + kTokensASecond * seconds);
    SOTTO_ASSIGN_OR_RETURN(Transcription transcription,
                           model->TranscribeWindow(samples, count, prompt, decoding));
    StreamHypothesis hypothesis;
    hypothesis.language = std::move(transcription.language);
    for (Segment& segment : transcription.segments) {
      if (segment.compression_ratio > *decoding.compression_ratio_threshold) {
        hypothesis.usable = false;
      }
      for (Word& word : segment.words) hypothesis.words.push_back(std::move(word));
    }
    return hypothesis;
  };
}

StreamDetect Detection(std::shared_ptr<const VoiceActivityDetector> vad) {
  if (vad == nullptr) return nullptr;
  return [heard = VadStream(std::move(vad))](const float* samples,
                                             size_t count) mutable -> Result<std::vector<float>> {
    std::vector<float> probabilities;
    SOTTO_RETURN_IF_ERROR(heard.Push(samples, count, &probabilities));
    return probabilities;
  };
}

// Words have times only with the window's alignment graph.
Result<void> CheckAlignment(const RecognizerInfo& info) {
  for (const RecognizerInfo::Window& window : info.windows) {
    if (window.words) continue;
    return Error{ErrorCode::kOption,
                 "the bundle " + info.bundle + " has no alignment graph for its window of " +
                     std::to_string(window.seconds) +
                     " s, so words have no times, which a stream needs; convert the model again"};
  }
  return {};
}

}  // namespace

class Stream::Impl {
 public:
  Impl(std::shared_ptr<const SpeechModel> model, std::shared_ptr<const VoiceActivityDetector> vad,
       const StreamOptions& options)
      : loop_(options, Decoding(std::move(model), options), Detection(std::move(vad))) {}

  Result<StreamUpdate> Push(const float* samples, size_t count) {
    const OneCall call(&at_work_);
    if (!call.is_only()) return Busy();
    return loop_.Push(samples, count);
  }

  Result<StreamUpdate> Finish() {
    const OneCall call(&at_work_);
    if (!call.is_only()) return Busy();
    return loop_.Finish();
  }

 private:
  static Error Busy() {
    return Error{ErrorCode::kOption,
                 "the stream is at work, and a callback or another thread called it: it takes in "
                 "one piece of audio at a time; call it when that call is done"};
  }

  std::atomic<bool> at_work_{false};
  StreamLoop loop_;
};

Result<std::unique_ptr<Stream>> Stream::Create(std::shared_ptr<const SpeechModel> model,
                                               std::shared_ptr<const VoiceActivityDetector> vad,
                                               const StreamOptions& options) {
  SOTTO_RETURN_IF_ERROR(options.Validate(model->info()));
  SOTTO_RETURN_IF_ERROR(CheckAlignment(model->info()));
  return std::unique_ptr<Stream>(
      new Stream(std::make_unique<Impl>(std::move(model), std::move(vad), options)));
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() = default;

Result<StreamUpdate> Stream::Push(const float* samples, size_t count) {
  return impl_->Push(samples, count);
}

Result<StreamUpdate> Stream::Finish() { return impl_->Finish(); }

}  // namespace sotto
