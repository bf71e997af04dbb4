#include "whisper/timestamp_rules.h"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace sotto {
namespace {

constexpr int kEot = 30;
constexpr int kNoTimestamps = 35;
constexpr int kBegin = 36;
constexpr int kLast = 50;  // of the vocabulary's timestamps
constexpr int kVocab = kBegin + kLast + 1;

TimestampRules::Limits Limits() {
  return {kEot, kNoTimestamps, kBegin, kVocab, kLast, std::nullopt};
}

// Logits of which any token may be the largest; timestamps are raised by `preference`.
std::vector<float> RandomLogits(float preference, std::mt19937* generator) {
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> logits(kVocab);
  for (int i = 0; i < kVocab; ++i) logits[i] = normal(*generator) + (i >= kBegin ? preference : 0);
  return logits;
}

std::vector<int> Allowed(const TimestampRules& rules, const std::vector<int>& sampled,
                         std::vector<float> logits) {
  const std::vector<float> before = logits;
  rules.Apply(sampled, logits.data());
  std::vector<int> allowed;
  for (int i = 0; i < kVocab; ++i) {
    if (logits[i] == -std::numeric_limits<float>::infinity()) continue;
    CHECK(logits[i] == before[i]);
    allowed.push_back(i);
  }
  return allowed;
}

bool IsTimestamp(int token) { return token >= kBegin; }

// Texts drawn from random logits through the rules, each as far as 40 tokens.
template <typename Check>
void ForRandomTexts(const TimestampRules::Limits& limits, const Check& check) {
  std::mt19937 generator(1);
  const TimestampRules rules(limits);
  for (int text = 0; text < 300; ++text) {
    std::vector<int> sampled;
    while (sampled.size() < 40) {
      const std::vector<int> allowed =
          Allowed(rules, sampled, RandomLogits(static_cast<float>(text % 5) - 2, &generator));
      REQUIRE(!allowed.empty());
      for (int token : allowed) check(sampled, token);
      sampled.push_back(allowed[generator() % allowed.size()]);
      if (sampled.back() == kEot) break;
    }
  }
}

TEST_CASE("a text begins with a timestamp") {
  ForRandomTexts(Limits(), [](const std::vector<int>& sampled, int next) {
    if (sampled.empty()) REQUIRE(IsTimestamp(next));
  });
}

TEST_CASE("the first timestamp is within the limit") {
  for (int last_initial : {0, 1, 25}) {
    TimestampRules::Limits limits = Limits();
    limits.last_initial = last_initial;
    ForRandomTexts(limits, [&](const std::vector<int>& sampled, int next) {
      if (sampled.empty()) REQUIRE(next <= kBegin + last_initial);
    });
  }
}

TEST_CASE("without a limit the first timestamp may be any") {
  std::mt19937 generator(2);
  CHECK(Allowed(TimestampRules(Limits()), {}, RandomLogits(0, &generator)).size() == kLast + 1);
}

TEST_CASE("the token without timestamps never comes") {
  ForRandomTexts(Limits(),
                 [](const std::vector<int>&, int next) { REQUIRE(next != kNoTimestamps); });
}

TEST_CASE("timestamps come in pairs, except before the end of text") {
  ForRandomTexts(Limits(), [](const std::vector<int>& sampled, int next) {
    const size_t size = sampled.size();
    if (size == 0 || !IsTimestamp(sampled[size - 1])) return;
    const bool after_pair = size == 1 || IsTimestamp(sampled[size - 2]);
    if (after_pair) REQUIRE(!IsTimestamp(next));
    if (!after_pair) REQUIRE(next >= kEot);
  });
}

TEST_CASE("timestamps don't decrease and segments are longer than nothing") {
  ForRandomTexts(Limits(), [](const std::vector<int>& sampled, int next) {
    if (!IsTimestamp(next)) return;
    for (size_t i = 0; i < sampled.size(); ++i) {
      if (!IsTimestamp(sampled[i])) continue;
      REQUIRE(next >= sampled[i]);
      // Only the start of a segment is the end of the one before.
      if (next == sampled[i]) REQUIRE(i + 1 == sampled.size());
    }
  });
}

TEST_CASE("no timestamp lies behind the window's end") {
  TimestampRules::Limits limits = Limits();
  limits.last = 20;
  ForRandomTexts(limits, [](const std::vector<int>&, int next) { REQUIRE(next <= kBegin + 20); });
}

TEST_CASE("timestamps come when all together are likelier than any text token") {
  const TimestampRules rules(Limits());
  const std::vector<int> sampled = {kBegin, 3};
  std::vector<float> logits(kVocab, -20.0f);
  // 50 timestamps after the first: together log(50) above one of them.
  std::fill(logits.begin() + kBegin, logits.end(), 0.0f);
  logits[7] = static_cast<float>(std::log(50.0)) - 0.01f;
  for (int token : Allowed(rules, sampled, logits)) CHECK(IsTimestamp(token));
  logits[7] = static_cast<float>(std::log(50.0)) + 0.01f;
  const std::vector<int> allowed = Allowed(rules, sampled, logits);
  CHECK(allowed.front() == 0);
  CHECK(allowed.back() == kVocab - 1);
}

TEST_CASE("timestamps behind the window's end don't count for what is likelier") {
  TimestampRules::Limits limits = Limits();
  limits.last = 10;
  std::vector<float> logits(kVocab, -20.0f);
  std::fill(logits.begin() + kBegin, logits.end(), 0.0f);
  logits[7] = 3.0f;  // above log(10), below log(50)
  CHECK(Allowed(TimestampRules(limits), {kBegin, 3}, logits).front() == 0);
  CHECK(Allowed(TimestampRules(Limits()), {kBegin, 3}, logits).front() == kBegin + 1);
}

TEST_CASE("the limit of the first timestamp is in steps of 0.02 s, half of one to the even") {
  CHECK(LastInitialTimestamp(1.0, 1500) == 50);
  CHECK(LastInitialTimestamp(0.5, 1500) == 25);
  CHECK(LastInitialTimestamp(0.05, 1500) == 2);
  CHECK(LastInitialTimestamp(0.03, 1500) == 2);
  CHECK(LastInitialTimestamp(0.01, 1500) == 0);
  CHECK(LastInitialTimestamp(1e9, 1500) == 1500);
}

TEST_CASE("no seconds, as no limit at all, let the first timestamp be any") {
  CHECK(LastInitialTimestamp(0.0, 1500) == std::nullopt);
  CHECK(LastInitialTimestamp(std::nullopt, 1500) == std::nullopt);
}

}  // namespace
}  // namespace sotto
