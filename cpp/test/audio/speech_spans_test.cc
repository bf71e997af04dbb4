#include "sotto/speech_spans.h"

#include <doctest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

namespace sotto {
namespace {

// Chunks of speech (+) and silence (-), and of what is neither (o).
std::vector<float> Probabilities(const std::string& chunks) {
  std::vector<float> probabilities;
  for (char chunk : chunks) {
    probabilities.push_back(chunk == '+' ? 0.9f : chunk == '-' ? 0.1f : 0.4f);
  }
  return probabilities;
}

// Spans in chunks of 512 samples, such as "2-5 7-9". Without padding all are whole chunks.
std::string Chunks(const std::string& chunks, const VadOptions& options) {
  const int64_t total = static_cast<int64_t>(chunks.size()) * kVadChunk;
  std::string text;
  for (const SpeechSpan& span : SpeechSpans(Probabilities(chunks), total, options)) {
    CHECK(span.start % kVadChunk == 0);
    CHECK(span.end % kVadChunk == 0);
    text += (text.empty() ? "" : " ") + std::to_string(span.start / kVadChunk) + "-" +
            std::to_string(span.end / kVadChunk);
  }
  return text;
}

// A chunk of silence ends a span, nothing is padded or dropped.
VadOptions Bare() {
  VadOptions options;
  options.min_silence_duration_ms = 32;
  options.speech_pad_ms = 0;
  return options;
}

std::string Refusal(const VadOptions& options) {
  const Result<void> result = options.Validate();
  if (result.ok()) return "";
  CHECK(result.error().code == ErrorCode::kOption);
  return result.error().message;
}

TEST_CASE("nothing is heard in nothing and in silence") {
  CHECK(SpeechSpans({}, 0, {}).empty());
  CHECK(Chunks("----", Bare()).empty());
  CHECK(Chunks("oooo", Bare()).empty());
}

TEST_CASE("speech lasts until the silence behind it, or to the end") {
  CHECK(Chunks("--+++---", Bare()) == "2-5");
  CHECK(Chunks("+++", Bare()) == "0-3");
  CHECK(Chunks("--+", Bare()) == "2-3");
  CHECK(Chunks("+--+--++", Bare()) == "0-1 3-4 6-8");
}

TEST_CASE("what is neither begins no speech and ends none") {
  CHECK(Chunks("oo++oo++oo--", Bare()) == "2-10");
  VadOptions options = Bare();
  options.neg_threshold = 0.5;
  CHECK(Chunks("oo++oo++oo--", options) == "2-4 6-8");
}

TEST_CASE("a probability of just the threshold is speech, one of just the other no silence") {
  VadOptions options = Bare();
  options.threshold = 0.5;
  options.neg_threshold = 0.25;
  const std::vector<SpeechSpan> spans =
      SpeechSpans({0.5f, 0.25f, 0.25f, 0.125f, 0.125f}, 5 * kVadChunk, options);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].start == 0);
  CHECK(spans[0].end == 3 * kVadChunk);
}

TEST_CASE("a short silence is bridged") {
  VadOptions options = Bare();
  options.min_silence_duration_ms = 3 * 32;
  CHECK(Chunks("++--++----", options) == "0-6");
  CHECK(Chunks("++---+----", options) == "0-6");
  CHECK(Chunks("++----+----", options) == "0-2 6-7");
}

TEST_CASE("short speech is dropped, by its length without padding") {
  VadOptions options = Bare();
  options.min_speech_duration_ms = 2 * 32;
  CHECK(Chunks("-++--+++--", options) == "5-8");
  options.speech_pad_ms = 32;
  CHECK(Chunks("-++--+++--", options) == "4-9");
  CHECK(Chunks("-------++", options).empty());
}

TEST_CASE("padding stays in the audio, and two spans share a short silence") {
  VadOptions options = Bare();
  options.speech_pad_ms = 2 * 32;
  CHECK(Chunks("-+-----------", options) == "0-4");
  CHECK(Chunks("-----------+-", options) == "9-13");
  CHECK(Chunks("---+----+---", options) == "1-6 6-11");
  CHECK(Chunks("---+------+---", options) == "1-6 8-13");
  const std::vector<SpeechSpan> spans =
      SpeechSpans(Probabilities("-+--+-"), 6 * kVadChunk - 100, options);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].end == 3 * kVadChunk);
  CHECK(spans[1].start == 3 * kVadChunk);
  CHECK(spans[1].end == 6 * kVadChunk - 100);
}

TEST_CASE("a long span is cut at its longest silence, or at its last") {
  VadOptions options = Bare();
  options.min_silence_duration_ms = 10 * 32;
  options.max_speech_duration_s = 21 * 0.032;  // less one chunk: cut beyond 20
  options.min_silence_at_max_speech = 32;
  const std::string chunks = "++++-----+++---++++++++++++++++";
  CHECK(Chunks(chunks, options) == "0-4 9-30");
  options.use_max_poss_sil_at_max_speech = false;
  CHECK(Chunks(chunks, options) == "0-12 15-31");
}

TEST_CASE("a long span without silence is cut where it is too long, and goes on") {
  VadOptions options = Bare();
  options.max_speech_duration_s = 5 * 0.032;
  CHECK(Chunks("++++++++++++++", options) == "0-5 6-11 12-14");
}

TEST_CASE("whatever the probabilities, spans ascend within the audio") {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> probability(0, 1);
  const auto integer = [&](int min, int max) {
    return std::uniform_int_distribution<int>(min, max)(random);
  };
  size_t found = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> probabilities(static_cast<size_t>(integer(0, 200)));
    float level = 0;
    for (float& value : probabilities) {
      if (integer(0, 5) == 0) level = probability(random);
      value = level;
    }
    VadOptions options;
    options.threshold = 0.3 + 0.1 * integer(0, 4);
    options.min_speech_duration_ms = integer(0, 500);
    options.min_silence_duration_ms = integer(0, 500);
    options.speech_pad_ms = integer(0, 300);
    options.use_max_poss_sil_at_max_speech = integer(0, 1) == 1;
    if (integer(0, 1) == 1) options.max_speech_duration_s = 0.7 + 0.1 * integer(0, 10);
    REQUIRE(Refusal(options).empty());
    const int64_t total =
        probabilities.empty()
            ? 0
            : static_cast<int64_t>(probabilities.size()) * kVadChunk - integer(0, kVadChunk - 1);
    int64_t end = 0;
    for (const SpeechSpan& span : SpeechSpans(probabilities, total, options)) {
      REQUIRE(span.start >= end);
      REQUIRE(span.end > span.start);
      REQUIRE(span.end <= total);
      end = span.end;
      ++found;
    }
  }
  CHECK(found > 2000);
}

TEST_CASE("the defaults are valid; what is out of range is named with its range") {
  CHECK(Refusal({}).empty());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (double value : {0.0, -0.1, 1.1, nan}) {
    VadOptions options;
    options.threshold = value;
    CHECK(Refusal(options).find("threshold ") == 0);
  }
  for (double value : {-0.5, 0.6, nan}) {
    VadOptions options;
    options.neg_threshold = value;
    CHECK(Refusal(options).find("neg_threshold ") == 0);
  }
  for (double value : {0.0, -1.0, 0.832, nan}) {
    VadOptions options;
    options.max_speech_duration_s = value;
    CHECK(Refusal(options).find("more than 0.832 seconds") != std::string::npos);
  }
  VadOptions options;
  options.speech_pad_ms = -1;
  CHECK(Refusal(options) == "speech_pad_ms -1: expected 0 to 3600000 milliseconds");
  options = {};
  options.min_silence_duration_ms = 3600001;
  CHECK(Refusal(options).find("min_silence_duration_ms 3.6e+06") == 0);
  options = {};
  options.min_speech_duration_ms = -5;
  CHECK_FALSE(Refusal(options).empty());
  options = {};
  options.min_silence_at_max_speech = -5;
  CHECK_FALSE(Refusal(options).empty());
}

}  // namespace
}  // namespace sotto
