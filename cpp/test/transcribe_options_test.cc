#include "sotto/transcribe_options.h"

#include <doctest.h>

#include <string>

#include "small_bundle.h"
#include "sotto/transcriber.h"

namespace sotto {
namespace {

Bundle Multilingual() {
  Bundle bundle = SmallBundleValues();
  bundle.vocabulary.languages = {{"de", 17}, {"en", 18}};
  return bundle;
}

// The message with which the options are refused; empty if they are valid.
template <typename Options>
std::string Refusal(const Options& options, const Bundle& bundle) {
  const Result<void> result = options.Validate(bundle);
  if (result.ok()) return "";
  CHECK(result.error().code == ErrorCode::kOption);
  return result.error().message;
}

TEST_CASE("the defaults are valid for every model") {
  CHECK(Refusal(TranscribeOptions{}, SmallBundleValues()).empty());
  CHECK(Refusal(TranscribeOptions{}, Multilingual()).empty());
}

TEST_CASE("a task is transcribe or translate") {
  DecodeOptions options;
  options.task = "sing";
  CHECK(Refusal(options, Multilingual()) ==
        "task \"sing\": expected \"transcribe\" or \"translate\"");
  options.task = "translate";
  CHECK(Refusal(options, Multilingual()).empty());
}

TEST_CASE("a language is one of the model's") {
  DecodeOptions options;
  options.language = "fr";
  CHECK(Refusal(options, Multilingual()) ==
        "language \"fr\": expected nothing (to detect it) or one of de en");
  options.language = "de";
  CHECK(Refusal(options, Multilingual()).empty());
}

TEST_CASE("an English-only model transcribes English") {
  const char* refusal = "the model small transcribes English only; use a multilingual one";
  DecodeOptions options;
  options.language = "de";
  CHECK(Refusal(options, SmallBundleValues()).find(refusal) != std::string::npos);
  options.language = "en";
  CHECK(Refusal(options, SmallBundleValues()).empty());
  options.task = "translate";
  CHECK(Refusal(options, SmallBundleValues()).find(refusal) != std::string::npos);
}

TEST_CASE("as many tokens may be asked for as the cache holds") {
  DecodeOptions options;
  for (const int valid : {0, 1, 5}) {
    options.sample_len = valid;
    CHECK(Refusal(options, Multilingual()).empty());
  }
  for (const int invalid : {-1, 6}) {
    options.sample_len = invalid;
    CHECK(Refusal(options, Multilingual()) ==
          "sample_len " + std::to_string(invalid) + ": expected 0 to 5");
  }
}

TEST_CASE("a window is one of the bundle's, and the other options are checked with it") {
  TranscribeOptions options;
  options.window = 2;
  CHECK(Refusal(options, Multilingual()) ==
        "window 2: the bundle has windows of 1 seconds; 0 chooses by the audio's length");
  options.window = -1;
  CHECK_FALSE(Refusal(options, Multilingual()).empty());
  options.window = 1;
  CHECK(Refusal(options, Multilingual()).empty());
  options.language = "fr";
  CHECK_FALSE(Refusal(options, Multilingual()).empty());
}

TEST_CASE("threads out of range are refused before anything is opened") {
  for (const int threads : {-1, 1025}) {
    LoadOptions options;
    options.threads = threads;
    const auto transcriber = Transcriber::Create("/nowhere", options);
    REQUIRE_FALSE(transcriber.ok());
    CHECK(transcriber.error().code == ErrorCode::kOption);
    CHECK(transcriber.error().message ==
          "threads " + std::to_string(threads) + ": expected 0 to 1024");
  }
}

TEST_CASE("a bundle whose tables are none is refused when it is opened") {
  const SmallBundle bundle;
  const auto transcriber = Transcriber::Create(bundle.path(), {});
  REQUIRE_FALSE(transcriber.ok());
  CHECK(transcriber.error().code == ErrorCode::kBundle);
  CHECK(transcriber.error().message.find("mel_filters.npy") != std::string::npos);
}

}  // namespace
}  // namespace sotto
