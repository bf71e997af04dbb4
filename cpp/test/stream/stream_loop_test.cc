#include "stream/stream_loop.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "sotto/log_mel.h"

namespace sotto {
namespace {

// Sample i of a stream has the value i, so that a decoding sees which part of it it was given.
std::vector<float> Samples(double from, double to) {
  std::vector<float> samples;
  for (int64_t i = std::llround(from * kSampleRate); i < std::llround(to * kSampleRate); ++i) {
    samples.push_back(static_cast<float>(i));
  }
  return samples;
}

// Someone who says "w0 w1 w2 …", with pauses.
class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  Script& Say(int count, double seconds_each = 0.3) {
    for (int i = 0; i < count; ++i) {
      Word word;
      word.word = " w" + std::to_string(words_.size());
      word.start = end_ + 0.02;
      word.end = end_ + seconds_each;
      end_ = word.end;
      word.tokens = {static_cast<int>(words_.size())};
      words_.push_back(word);
    }
    return *this;
  }
  Script& Pause(double seconds) {
    end_ += seconds;
    return *this;
  }

  double end() const { return end_; }
  std::string text() const {
    std::string text;
    for (const Word& word : words_) text += word.word;
    return text;
  }

  // A decoder with Whisper's habits: a word that is cut off comes out as another one, times
  // drift, and letters' case and punctuation change.
  StreamDecode Decoder() {
    return [this](const float* samples, size_t count, const std::vector<int>& prompt,
                  const std::string& language) -> Result<StreamHypothesis> {
      const double begin = static_cast<double>(samples[0]) / kSampleRate;
      const double end = begin + static_cast<double>(count) / kSampleRate;
      longest = std::max(longest, end - begin);
      prompts.push_back(prompt);
      languages.push_back(language);
      if (loop_every > 0 && prompts.size() % loop_every == 0)
        return StreamHypothesis{false, {}, ""};
      if (fail) return Error{ErrorCode::kCancelled, "cancelled"};
      std::uniform_real_distribution<double> drift(-drift_, drift_);
      StreamHypothesis hypothesis;
      hypothesis.language = "en";
      for (Word word : words_) {
        if (word.end <= begin + 0.1 || word.start >= end - 0.1) continue;
        if (word.start < begin - 0.05 || word.end > end) word.word = " cut" + word.word.substr(1);
        if (random_() % 3 == 0) word.word[1] = static_cast<char>(std::toupper(word.word[1]));
        if (random_() % 3 == 0) word.word += ",";
        word.start += drift(random_) - begin;
        word.end += drift(random_) - begin;
        hypothesis.words.push_back(word);
      }
      return hypothesis;
    };
  }

  // Voice activity detection of the script.
  StreamDetect Detector() {
    return [this, heard = int64_t{0}](const float*,
                                      size_t count) mutable -> Result<std::vector<float>> {
      std::vector<float> probabilities;
      for (heard += static_cast<int64_t>(count); heard >= detected_ + 512; detected_ += 512) {
        const double time = (static_cast<double>(detected_) + 256) / kSampleRate;
        const bool speech = std::any_of(words_.begin(), words_.end(), [time](const Word& word) {
          return word.start - 0.05 <= time && time <= word.end + 0.05;
        });
        probabilities.push_back(speech ? 0.95f : 0.02f);
      }
      return probabilities;
    };
  }

  bool fail = false;
  size_t loop_every = 0;  // decodings, of which the last is caught in a loop
  double longest = 0;     // seconds that were decoded at once
  std::vector<std::vector<int>> prompts;
  std::vector<std::string> languages;

 private:
  static constexpr double drift_ = 0.06;
  std::mt19937 random_;
  std::vector<Word> words_;
  double end_ = 0.5;
  int64_t detected_ = 0;
};

// What came of a stream, checked as it came.
struct Heard {
  std::string text;
  std::vector<StreamWord> words;
  int utterances = 0;
  double max_buffered = 0;

  void Take(const Result<StreamUpdate>& update) {
    REQUIRE(update.ok());
    for (const StreamWord& word : update->confirmed) {
      CHECK(word.start >= (words.empty() ? 0 : words.back().end));
      CHECK(word.end >= word.start);
      CHECK(word.end <= word.confirmed_at + 1e-9);
      CHECK(word.utterance >= (words.empty() ? 0 : words.back().utterance));
      words.push_back(word);
      std::string letters = word.word;
      letters[1] = static_cast<char>(std::tolower(letters[1]));
      if (letters.back() == ',') letters.pop_back();
      text += letters;
    }
    utterances = update->utterances;
    max_buffered = std::max(max_buffered, update->buffered);
  }
};

Heard Listen(Script* script, const StreamOptions& options, bool with_detector, double push,
             double seconds) {
  StreamLoop loop(options, script->Decoder(), with_detector ? script->Detector() : StreamDetect());
  Heard heard;
  for (double at = 0; at < seconds; at += push) {
    const std::vector<float> samples = Samples(at, std::min(at + push, seconds));
    heard.Take(loop.Push(samples.data(), samples.size()));
  }
  heard.Take(loop.Finish());
  return heard;
}

TEST_CASE("every word is confirmed once and in order, whatever is pushed at a time") {
  unsigned seed = 0;
  for (const bool with_detector : {true, false}) {
    for (const double push : {0.01, 0.1, 0.5, 1.3, 5.0, 200.0}) {
      for (const double buffer : {4.0, 9.0, 20.0}) {
        Script script(++seed);
        script.Say(12).Pause(0.7).Say(60, 0.4).Pause(3).Say(5).Pause(0.3).Say(70, 0.2);
        StreamOptions options;
        options.max_buffer = buffer;
        CAPTURE(push);
        CAPTURE(buffer);
        CAPTURE(with_detector);
        const Heard heard = Listen(&script, options, with_detector, push, script.end() + 2);
        CHECK(heard.text == script.text());
        CHECK(heard.max_buffered <= buffer);
        CHECK(script.longest <= buffer + 1e-9);
      }
    }
  }
}

TEST_CASE("a pause ends an utterance and confirms it, without the next step") {
  Script script(1);
  script.Say(6).Pause(2).Say(4);
  StreamOptions options;
  options.step = 3;
  const Heard heard = Listen(&script, options, true, 0.1, script.end() + 1);
  CHECK(heard.utterances == 2);
  REQUIRE(heard.words.size() == 10);
  CHECK(heard.words[5].utterance == 0);
  CHECK(heard.words[6].utterance == 1);
  CHECK(heard.words[5].confirmed_at < heard.words[5].end + 0.8);
}

TEST_CASE("silence is neither decoded nor held") {
  Script script(1);
  StreamLoop loop({}, script.Decoder(), script.Detector());
  Heard heard;
  for (int second = 0; second < 60; ++second) {
    const std::vector<float> samples = Samples(second, second + 1);
    heard.Take(loop.Push(samples.data(), samples.size()));
  }
  heard.Take(loop.Finish());
  CHECK(heard.text.empty());
  CHECK(heard.max_buffered < 0.9);
  CHECK(script.prompts.empty());
}

TEST_CASE("without a detector silence is decoded but not held") {
  Script script(1);
  const Heard heard = Listen(&script, {}, false, 0.5, 60);
  CHECK(heard.text.empty());
  CHECK(heard.max_buffered < 1.2);
}

TEST_CASE("a push of more than a step is decoded once") {
  Script script(1);
  script.Say(30);
  StreamLoop loop({}, script.Decoder(), script.Detector());
  const std::vector<float> samples = Samples(0, 4);
  const auto update = loop.Push(samples.data(), samples.size());
  REQUIRE(update.ok());
  CHECK(update->decodings == 1);
  CHECK(update->confirmed.empty());
  CHECK_FALSE(update->tentative.empty());
}

TEST_CASE("speech that no two decodings agree on is confirmed before the buffer overflows") {
  StreamOptions options;
  options.max_buffer = 6;
  int decodings = 0;
  StreamLoop loop(
      options,
      [&](const float*, size_t count, const std::vector<int>&, const std::string&) {
        StreamHypothesis hypothesis;
        ++decodings;
        for (int i = 0; i * 0.5 + 0.4 < static_cast<double>(count) / kSampleRate; ++i) {
          Word word;
          word.word = " " + std::to_string(decodings) + "-" + std::to_string(i);
          word.start = i * 0.5;
          word.end = word.start + 0.4;
          hypothesis.words.push_back(word);
        }
        return Result<StreamHypothesis>(hypothesis);
      },
      nullptr);
  size_t confirmed = 0;
  for (int i = 0; i < 120; ++i) {
    const std::vector<float> samples = Samples(i * 0.5, i * 0.5 + 0.5);
    const auto update = loop.Push(samples.data(), samples.size());
    REQUIRE(update.ok());
    CHECK(update->buffered <= 6);
    confirmed += update->confirmed.size();
  }
  CHECK(confirmed >= 90);
  CHECK(confirmed <= 120);
}

TEST_CASE("the prompt is the end of what is confirmed and no longer heard") {
  Script script(3);
  script.Say(60).Pause(2).Say(4);
  StreamOptions options;
  Listen(&script, options, true, 0.5, script.end() + 1);
  CHECK(script.prompts.front().empty());
  std::vector<int> expected;
  for (int token = 20; token < 60; ++token) expected.push_back(token);
  CHECK(script.prompts.back() == expected);
  Script unprompted(3);
  unprompted.Say(60);
  options.condition_on_previous_text = false;
  Listen(&unprompted, options, true, 0.5, unprompted.end() + 1);
  for (const std::vector<int>& prompt : unprompted.prompts) CHECK(prompt.empty());
}

TEST_CASE("the language is detected until words are confirmed in it") {
  Script script(1);
  script.Say(20);
  Listen(&script, {}, true, 0.5, script.end() + 1);
  CHECK(script.languages.front().empty());
  CHECK(script.languages.back() == "en");
}

TEST_CASE("a failed decoding loses nothing") {
  for (const bool with_detector : {true, false}) {
    Script script(2);
    script.Say(10).Pause(1).Say(10).Pause(1).Say(3);
    StreamLoop loop({}, script.Decoder(), with_detector ? script.Detector() : StreamDetect());
    Heard heard;
    int failures = 0;
    for (double at = 0; at < script.end() + 0.2; at += 0.032) {  // blocks of 512 samples
      script.fail = std::fmod(at, 1.0) < 0.5;
      const std::vector<float> samples = Samples(at, at + 0.032);
      const auto update = loop.Push(samples.data(), samples.size());
      if (update.ok()) {
        heard.Take(update);
      } else {
        CHECK(update.error().code == ErrorCode::kCancelled);
        ++failures;
      }
    }
    script.fail = true;
    CHECK_FALSE(loop.Finish().ok());
    script.fail = false;
    heard.Take(loop.Finish());
    CHECK(failures > 3);
    CHECK(heard.text == script.text());
  }
}

TEST_CASE("a decoding that is caught in a loop loses nothing that others hear") {
  for (const size_t every : {2, 3}) {
    for (const double buffer : {4.0, 9.0}) {
      Script script(4);
      script.loop_every = every;
      script.Say(80).Pause(1).Say(5);
      StreamOptions options;
      options.max_buffer = buffer;
      CAPTURE(every);
      CAPTURE(buffer);
      CHECK(Listen(&script, options, true, 0.1, script.end() + 1).text == script.text());
    }
  }
}

TEST_CASE("samples that are no audio are refused, and nothing of the push is taken in") {
  Script script(1);
  StreamLoop loop({}, script.Decoder(), nullptr);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 2e10f}) {
    std::vector<float> samples(1000, 0.0f);
    samples[7] = bad;
    const auto update = loop.Push(samples.data(), samples.size());
    REQUIRE_FALSE(update.ok());
    CHECK(update.error().code == ErrorCode::kAudio);
    CHECK(update.error().message.find("sample 7 of 1000") != std::string::npos);
  }
  CHECK(loop.Push(nullptr, 0)->position == 0);
}

TEST_CASE("a finished stream takes no more, and finishing again brings nothing") {
  Script script(1);
  script.Say(4);
  StreamLoop loop({}, script.Decoder(), nullptr);
  const std::vector<float> samples = Samples(0, 3);
  REQUIRE(loop.Push(samples.data(), samples.size()).ok());
  CHECK(loop.Finish()->confirmed.size() == 4);
  CHECK(loop.Finish()->confirmed.empty());
  const auto update = loop.Push(samples.data(), samples.size());
  REQUIRE_FALSE(update.ok());
  CHECK(update.error().code == ErrorCode::kOption);
}

TEST_CASE("a stream without audio gives nothing") {
  Script script(1);
  for (const bool with_detector : {true, false}) {
    const Heard heard = Listen(&script, {}, with_detector, 1, 0);
    CHECK(heard.words.empty());
  }
}

}  // namespace
}  // namespace sotto
