#include "whisper/logits_filter.h"

#include <doctest.h>

#include <cmath>
#include <vector>

namespace sotto {
namespace {

std::vector<bool> Forbidden(const LogitsFilter& filter, const std::vector<int>& sampled) {
  std::vector<float> logits = {0.5f, -1.0f, 2.0f, 30.0f};
  const std::vector<float> before = logits;
  filter.Apply(sampled, logits.data());
  std::vector<bool> forbidden;
  for (size_t i = 0; i < logits.size(); ++i) {
    forbidden.push_back(std::isinf(logits[i]) && logits[i] < 0);
    if (!forbidden[i]) CHECK(logits[i] == before[i]);
  }
  return forbidden;
}

TEST_CASE("suppressed tokens are never sampled") {
  const SuppressTokens filter({0, 3});
  const std::vector<bool> expected = {true, false, false, true};
  CHECK(Forbidden(filter, {}) == expected);
  CHECK(Forbidden(filter, {1, 2}) == expected);
}

TEST_CASE("tokens suppressed at the beginning may come later") {
  const SuppressAtBegin filter({2});
  CHECK(Forbidden(filter, {}) == std::vector<bool>{false, false, true, false});
  CHECK(Forbidden(filter, {1}) == std::vector<bool>{false, false, false, false});
}

TEST_CASE("filters of nothing change nothing") {
  CHECK(Forbidden(SuppressTokens({}), {}) == std::vector<bool>(4, false));
  CHECK(Forbidden(SuppressAtBegin({}), {}) == std::vector<bool>(4, false));
}

// A model whose tokens 0 to 9 are text, 10 ends it, 17 to 20 are timestamps.
WhisperBundle ModelOf21Tokens() {
  WhisperBundle bundle;
  bundle.decoder.vocabulary = 21;
  bundle.audio_context = 1500;
  WhisperVocabulary& vocabulary = bundle.vocabulary;
  vocabulary.eot = 10;
  vocabulary.sot = 11;
  vocabulary.transcribe = 12;
  vocabulary.translate = 13;
  vocabulary.sot_lm = 14;
  vocabulary.sot_prev = 15;
  vocabulary.no_speech = 16;
  vocabulary.no_timestamps = 9;
  vocabulary.timestamp_begin = 17;
  vocabulary.suppress = {2, 3, 11, 12, 13, 14, 15, 16};
  vocabulary.suppress_at_begin = {5, 10};
  return bundle;
}

// What `request` allows after `sampled`, each token as likely.
std::vector<int> Allowed(const DecodeRequest& request, const std::vector<int>& sampled,
                         size_t frames = 6) {
  Window window;
  window.frames = frames;
  std::vector<float> logits(21, 0.0f);
  for (const auto& filter : MakeFilters(request, ModelOf21Tokens(), window)) {
    filter->Apply(sampled, logits.data());
  }
  std::vector<int> allowed;
  for (int i = 0; i < 21; ++i) {
    if (!std::isinf(logits[static_cast<size_t>(i)])) allowed.push_back(i);
  }
  return allowed;
}

DecodeRequest TextAlone() {
  DecodeRequest request;
  request.without_timestamps = true;
  return request;
}

TEST_CASE("by default the bundle's list is suppressed, blanks at first alone") {
  CHECK(Allowed(TextAlone(), {}) == std::vector<int>{0, 1, 4, 6, 7, 8, 9, 17, 18, 19, 20});
  CHECK(Allowed(TextAlone(), {1}) == std::vector<int>{0, 1, 4, 5, 6, 7, 8, 9, 10, 17, 18, 19, 20});
}

TEST_CASE("blanks may come first if that is asked for") {
  DecodeRequest request = TextAlone();
  request.suppress_blank = false;
  CHECK(Allowed(request, {}) == Allowed(TextAlone(), {1}));
}

TEST_CASE("a list of one's own is suppressed with the control tokens, with -1 the bundle's, too") {
  DecodeRequest request = TextAlone();
  request.suppress_tokens = {7};
  CHECK(Allowed(request, {1}) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 17, 18, 19, 20});
  request.suppress_tokens = {7, -1};
  CHECK(Allowed(request, {1}) == std::vector<int>{0, 1, 4, 5, 6, 8, 9, 10, 17, 18, 19, 20});
}

TEST_CASE("an empty list suppresses nothing, not even control tokens") {
  DecodeRequest request = TextAlone();
  request.suppress_tokens = {};
  CHECK(Allowed(request, {1}).size() == 21);
}

TEST_CASE("with timestamps the first token is one, as far as the window and the limit go") {
  DecodeRequest request;
  CHECK(Allowed(request, {}) == std::vector<int>{17, 18, 19, 20});
  CHECK(Allowed(request, {}, 4) == std::vector<int>{17, 18, 19});
  request.max_initial_timestamp = 0.02;
  CHECK(Allowed(request, {}) == std::vector<int>{17, 18});
}

}  // namespace
}  // namespace sotto
