// SpeechModel over a recogniser that is no Whisper: one that says how many samples it was given.

#include "sotto/speech_model.h"

#include <doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "sotto/recognizer.h"
#include "sotto/stream.h"

namespace sotto {
namespace {

class CountingSession : public RecognizerSession {
 public:
  Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                   const TranscribeCallbacks& callbacks) override {
    std::vector<float> samples(64);
    size_t all = 0;
    for (size_t read = samples.size(); read > 0; all += read) {
      if (callbacks.on_progress) callbacks.on_progress(static_cast<double>(all), 0);
      if (options.cancelled()) return Error{ErrorCode::kCancelled, "cancelled"};
      SOTTO_ASSIGN_OR_RETURN(read, source->Read(samples.data(), samples.size()));
    }
    Transcription result;
    result.text = std::to_string(all);
    return result;
  }
  Result<Transcription> TranscribeWindow(const float*, size_t count, const std::vector<int>&,
                                         const TranscribeOptions&) override {
    Transcription result;
    result.segments.resize(1);
    result.segments[0].words = {{std::to_string(count), 0.1, 0.2, 1, {1}}};
    return result;
  }
  Result<std::map<std::string, float>> DetectLanguage(const float*, size_t,
                                                      const std::function<bool()>&) override {
    return std::map<std::string, float>{{"de", 1.0f}};
  }
  int64_t graph_runs() const override { return 0; }
};

class Counting : public Recognizer {
 public:
  explicit Counting(RecognizerInfo info) : Recognizer(std::move(info)) {}
  Result<void> Validate(const TranscribeOptions& options) const override {
    return options.Validate(info());
  }
  std::unique_ptr<RecognizerSession> NewSession() const override {
    return std::make_unique<CountingSession>();
  }
  void Release() const override { released = true; }
  mutable bool released = false;
};

RecognizerInfo Info(std::vector<std::string> languages) {
  RecognizerInfo info;
  info.name = "counting";
  info.languages = std::move(languages);
  info.windows = {{30, true}};
  info.vocabulary = 10;
  info.longest_text = info.sample_len = 8;
  return info;
}

TEST_CASE("a model serves any recogniser, and refuses what that one does not take") {
  const SpeechModel model(std::make_shared<Counting>(Info({"de", "en"})));
  const std::vector<float> samples(200);
  ArraySource source(samples.data(), samples.size());
  const auto result = model.Transcribe(&source, {});
  REQUIRE(result.ok());
  CHECK(result->text == "200");
  TranscribeOptions french;
  french.language = "fr";
  const auto refused = model.Transcribe(&source, french);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("one of de en") != std::string::npos);
}

TEST_CASE("sessions of any recogniser are called once at a time, cancelled and closed") {
  const auto recognizer = std::make_shared<Counting>(Info({"de"}));
  const SpeechModel model(recognizer);
  const auto session = model.NewSession();
  const std::vector<float> samples(2000);
  ArraySource source(samples.data(), samples.size());
  TranscribeCallbacks callbacks;
  ErrorCode inner = ErrorCode::kCancelled;
  callbacks.on_progress = [&](double, double) {
    inner = session->DetectLanguage(samples.data(), samples.size()).error().code;
    session->Cancel();
  };
  const auto ended = session->Transcribe(&source, {}, callbacks);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().code == ErrorCode::kCancelled);
  CHECK(inner == ErrorCode::kOption);
  CHECK(session->DetectLanguage(samples.data(), 100).error().code == ErrorCode::kAudio);
  model.Close();
  CHECK(recognizer->released);
  CHECK(session->DetectLanguage(samples.data(), samples.size()).error().code == ErrorCode::kOption);
}

TEST_CASE("one that knows a single language is asked for none") {
  const SpeechModel model(std::make_shared<Counting>(Info({})));
  const std::vector<float> samples(2000);
  const auto languages = model.NewSession()->DetectLanguage(samples.data(), samples.size());
  REQUIRE(languages.ok());
  CHECK(*languages == std::map<std::string, float>{{"en", 1.0f}});
}

TEST_CASE("a stream stands on any recogniser whose words have times") {
  RecognizerInfo info = Info({"de"});
  const auto timed = std::make_shared<const SpeechModel>(std::make_shared<Counting>(info));
  const auto stream = Stream::Create(timed, nullptr, {});
  REQUIRE(stream.ok());
  const std::vector<float> samples(32000);
  const auto update = (*stream)->Push(samples.data(), samples.size());
  REQUIRE(update.ok());
  CHECK(update->tentative.front().word == "32000");
  info.windows[0].words = false;
  const auto untimed = std::make_shared<const SpeechModel>(std::make_shared<Counting>(info));
  CHECK(Stream::Create(untimed, nullptr, {}).error().code == ErrorCode::kOption);
}

}  // namespace
}  // namespace sotto
