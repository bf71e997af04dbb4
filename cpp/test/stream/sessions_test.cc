// Sessions, streams and callbacks on many threads: what the thread sanitizer is run over. It needs
// a bundle, $SOTTO_TEST_BUNDLE, and LiteRT, $SOTTO_LITERT; without them there is nothing to check.

#include <doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/log_mel.h"
#include "sotto/speech_model.h"
#include "sotto/stream.h"

namespace sotto {
namespace {

// A few seconds of a tone, again and again.
class Tone : public AudioSource {
 public:
  Result<size_t> Read(float* out, size_t max_samples) override {
    const size_t n = std::min(max_samples, samples_.size() - at_);
    std::copy_n(samples_.data() + at_, n, out);
    at_ += n;
    return n;
  }
  Result<void> Rewind() override {
    at_ = 0;
    return {};
  }
  const std::vector<float>& samples() const { return samples_; }

 private:
  static std::vector<float> Make() {
    std::vector<float> samples(3 * kSampleRate);
    for (size_t i = 0; i < samples.size(); ++i) {
      samples[i] = 0.1f * std::sin(static_cast<float>(i) * 0.05f);
    }
    return samples;
  }

  const std::vector<float> samples_ = Make();
  size_t at_ = 0;
};

std::shared_ptr<const SpeechModel> Load() {
  const char* bundle = std::getenv("SOTTO_TEST_BUNDLE");
  if (bundle == nullptr) {
    MESSAGE("left out: $SOTTO_TEST_BUNDLE names no bundle");
    return nullptr;
  }
  LoadOptions options;
  options.threads = 1;
  const auto files = BundleFiles::Open(bundle);
  REQUIRE(files.ok());
  const auto model = SpeechModel::Create(**files, options);
  REQUIRE_MESSAGE(model.ok(), (model.ok() ? "" : model.error().message));
  return *model;
}

TranscribeOptions Brief() {
  TranscribeOptions options;
  options.sample_len = 4;
  options.temperatures = {0};
  options.without_timestamps = true;
  options.language = "en";
  return options;
}

void AtOnce(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("threads transcribe the same from one model, with sessions of the pool") {
  const auto model = Load();
  if (model == nullptr) return;
  Tone tone;
  const auto expected = model->Transcribe(&tone, Brief());
  REQUIRE(expected.ok());
  std::atomic<int> different{0};
  AtOnce(6, [&](int) {
    for (int turn = 0; turn < 2; ++turn) {
      Tone mine;
      const auto result = model->Transcribe(&mine, Brief());
      if (!result.ok() || result->text != expected->text) ++different;
    }
  });
  CHECK(different == 0);
}

TEST_CASE("callbacks call the model that calls them, and streams run beside it") {
  const auto model = Load();
  if (model == nullptr) return;
  std::atomic<int> failed{0};
  AtOnce(4, [&](int number) {
    if (number % 2 == 0) {
      Tone mine;
      TranscribeCallbacks callbacks;
      callbacks.on_progress = [&](double, double) {
        Tone inner;
        if (!model->Transcribe(&inner, Brief()).ok()) ++failed;
      };
      if (!model->Transcribe(&mine, Brief(), callbacks).ok()) ++failed;
      return;
    }
    StreamOptions options;
    options.language = "en";
    auto stream = Stream::Create(model, nullptr, options);
    if (!stream.ok()) {
      ++failed;
      return;
    }
    const Tone mine;
    const auto update = (*stream)->Push(mine.samples().data(), mine.samples().size());
    if (!update.ok() || !(*stream)->Finish().ok()) ++failed;
  });
  CHECK(failed == 0);
}

TEST_CASE("a session is cancelled, and a model closed, from other threads") {
  const auto model = Load();
  if (model == nullptr) return;
  const auto session = model->NewSession();
  std::atomic<bool> done{false};
  std::thread canceller([&] {
    while (!done) {
      session->Cancel();
      static_cast<void>(session->graph_runs());
      std::this_thread::yield();
    }
  });
  Tone tone;
  const auto cancelled = session->Transcribe(&tone, Brief());
  done = true;
  canceller.join();
  REQUIRE_FALSE(cancelled.ok());
  CHECK(cancelled.error().code == ErrorCode::kCancelled);

  std::atomic<int> wrong{0};
  AtOnce(4, [&](int number) {
    if (number == 0) return model->Close();
    Tone mine;
    const auto result = model->Transcribe(&mine, Brief());
    if (!result.ok() && result.error().code != ErrorCode::kCancelled &&
        result.error().code != ErrorCode::kOption) {
      ++wrong;
    }
  });
  CHECK(wrong == 0);
  CHECK(model->Transcribe(&tone, Brief()).error().code == ErrorCode::kOption);
}

}  // namespace sotto
