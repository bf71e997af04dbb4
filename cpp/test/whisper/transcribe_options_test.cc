#include "sotto/transcribe_options.h"

#include <doctest.h>

#include <cmath>
#include <string>

#include "small_bundle.h"
#include "sotto/speech_model.h"

namespace sotto {
namespace {

WhisperBundle Multilingual() {
  WhisperBundle bundle = SmallBundleValues();
  bundle.vocabulary.languages = {{"de", 17}, {"en", 18}};
  return bundle;
}

// The message with which the options are refused; empty if they are valid.
template <typename Options>
std::string Refusal(const Options& options, const WhisperBundle& bundle) {
  const Result<void> result = options.Validate(InfoOf(bundle));
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

// Of one change to the defaults.
template <typename Change>
std::string RefusalOf(const Change& change) {
  TranscribeOptions options;
  change(&options);
  return Refusal(options, Multilingual());
}

TEST_CASE("beams and samples are few, and patience is of beams") {
  CHECK(RefusalOf([](auto* o) { o->best_of = -1; }) == "best_of -1: expected 0 (one text) to 64");
  CHECK(RefusalOf([](auto* o) { o->beam_size = 1000000; }) ==
        "beam_size 1000000: expected 0 (one text) to 64");
  CHECK(RefusalOf([](auto* o) { o->patience = 1.0; }) ==
        "patience 1: expected nothing without beam_size; give a beam_size, too");
  for (const double patience : {0.0, -1.0, 1e9, std::nan("")}) {
    CHECK(RefusalOf([&](auto* o) {
            o->beam_size = 5;
            o->patience = patience;
          }).find("expected a number above 0, 1000 at most") != std::string::npos);
  }
  CHECK(RefusalOf([](auto* o) {
          o->beam_size = 5;
          o->patience = 2.0;
          o->best_of = 5;
        }).empty());
}

TEST_CASE("samples need a temperature at which they differ") {
  CHECK(RefusalOf([](auto* o) {
          o->best_of = 5;
          o->temperatures = {0};
        }).find("best_of 5: needs a temperature above 0") == 0);
}

TEST_CASE("temperatures are one or more from 0 to 1") {
  CHECK(RefusalOf([](auto* o) { o->temperatures = {}; }) ==
        "temperature: expected one or more numbers from 0 to 1");
  for (const double wrong : {-0.5, 1.5, HUGE_VAL, std::nan("")}) {
    CHECK(RefusalOf([&](auto* o) {
            o->temperatures = {0, wrong};
          }).find("expected a finite number from 0 to 1") != std::string::npos);
  }
}

TEST_CASE("penalty, thresholds and seconds have their ranges") {
  CHECK(RefusalOf([](auto* o) { o->length_penalty = 1.5; }) ==
        "length_penalty 1.5: expected 0 to 1, or nothing");
  CHECK(RefusalOf([](auto* o) { o->max_initial_timestamp = -1.0; }) ==
        "max_initial_timestamp -1: expected 0 or more seconds, or nothing");
  CHECK(RefusalOf([](auto* o) { o->logprob_threshold = -HUGE_VAL; }) ==
        "logprob_threshold -inf: expected a finite number, or nothing");
  CHECK_FALSE(RefusalOf([](auto* o) { o->no_speech_threshold = std::nan(""); }).empty());
  CHECK_FALSE(RefusalOf([](auto* o) { o->compression_ratio_threshold = HUGE_VAL; }).empty());
  CHECK(RefusalOf([](auto* o) {
          o->length_penalty.reset();
          o->max_initial_timestamp.reset();
          o->logprob_threshold.reset();
          o->no_speech_threshold.reset();
          o->compression_ratio_threshold.reset();
        }).empty());
}

TEST_CASE("suppressed tokens are in the vocabulary") {
  CHECK(RefusalOf([](auto* o) { o->suppress_tokens = {-1, 20}; }) ==
        "suppress_tokens 20: expected -1 (symbols that are not speech) or token ids from 0 to 19");
  CHECK_FALSE(RefusalOf([](auto* o) { o->suppress_tokens = {-2}; }).empty());
  CHECK(RefusalOf([](auto* o) { o->suppress_tokens = {}; }).empty());
}

TEST_CASE("clips ascend from 0 on") {
  CHECK(RefusalOf([](auto* o) { o->clip_timestamps = {1, 5, 2}; }) ==
        "clip_timestamps 2: expected finite seconds in ascending order, here from 5 on");
  CHECK_FALSE(RefusalOf([](auto* o) { o->clip_timestamps = {-1}; }).empty());
  CHECK_FALSE(RefusalOf([](auto* o) { o->clip_timestamps = {0, std::nan("")}; }).empty());
  CHECK(RefusalOf([](auto* o) { o->clip_timestamps = {0, 4, 4, 8, 9}; }).empty());
}

TEST_CASE("words need an alignment graph, and skipping silence needs words") {
  TranscribeOptions options;
  options.word_timestamps = true;
  options.hallucination_silence_threshold = 2.0;
  WhisperBundle bundle = Multilingual();
  bundle.windows[0].alignment.reset();
  const std::string refusal = Refusal(options, bundle);
  CHECK(refusal.find("word_timestamps: the bundle") == 0);
  CHECK(refusal.find("sotto convert small") != std::string::npos);
  bundle.windows[0].alignment.emplace();
  CHECK(Refusal(options, bundle).empty());
  options.hallucination_silence_threshold = -1.0;
  CHECK(Refusal(options, bundle) ==
        "hallucination_silence_threshold -1: expected 0 or more seconds, or nothing");
  options.hallucination_silence_threshold = 2.0;
  options.word_timestamps = false;
  CHECK(Refusal(options, bundle) ==
        "hallucination_silence_threshold 2: expected nothing without word_timestamps; turn "
        "word_timestamps on, too");
}

TEST_CASE("the detector's options are checked with the others") {
  TranscribeOptions options;
  options.vad.threshold = 2;
  CHECK(Refusal(options, Multilingual()).find("vad_threshold 2") == 0);
}

TEST_CASE("threads out of range are refused before anything is opened") {
  for (const int threads : {-1, 1025}) {
    LoadOptions options;
    options.threads = threads;
    const auto model = SpeechModel::Create(*BundleFiles::FromMemory("nowhere", {}), options);
    REQUIRE_FALSE(model.ok());
    CHECK(model.error().code == ErrorCode::kOption);
    CHECK(model.error().message == "threads " + std::to_string(threads) + ": expected 0 to 1024");
  }
}

TEST_CASE("a bundle whose tables are none is refused when it is opened") {
  const SmallBundle bundle;
  const auto files = BundleFiles::Open(bundle.path());
  REQUIRE(files.ok());
  const auto model = SpeechModel::Create(**files, {});
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kBundle);
  CHECK(model.error().message.find("mel_filters.npy") != std::string::npos);
}

}  // namespace
}  // namespace sotto
