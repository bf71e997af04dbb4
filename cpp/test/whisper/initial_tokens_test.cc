#include "whisper/initial_tokens.h"

#include <doctest.h>

#include <numeric>
#include <vector>

namespace sotto {
namespace {

constexpr int kSot = 101, kEnglish = 102, kGerman = 103, kTranslate = 104, kTranscribe = 105;
constexpr int kSotPrev = 107, kWithoutTimes = 109;

WhisperBundle MakeBundle(int cache = 20) {
  WhisperBundle bundle;
  bundle.decoder.context = 20;
  bundle.decoder.cache = cache;
  WhisperVocabulary& vocabulary = bundle.vocabulary;
  vocabulary.sot = kSot;
  vocabulary.translate = kTranslate;
  vocabulary.transcribe = kTranscribe;
  vocabulary.sot_prev = kSotPrev;
  vocabulary.no_timestamps = kWithoutTimes;
  vocabulary.languages = {{"en", kEnglish}, {"de", kGerman}};
  return bundle;
}

// `count` tokens: first, first + 1, …
std::vector<int> Text(int first, int count) {
  std::vector<int> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

DecodeRequest English() {
  DecodeRequest request;
  request.language = "en";
  return request;
}

TEST_CASE("a text begins with language and task") {
  CHECK(MakeInitialTokens(English(), MakeBundle()).tokens ==
        std::vector<int>{kSot, kEnglish, kTranscribe});
  DecodeRequest request;
  request.language = "de";
  request.task = "translate";
  request.without_timestamps = true;
  CHECK(MakeInitialTokens(request, MakeBundle()).tokens ==
        std::vector<int>{kSot, kGerman, kTranslate, kWithoutTimes});
}

TEST_CASE("an English-only model's text begins without them") {
  WhisperBundle bundle = MakeBundle();
  bundle.vocabulary.languages.clear();
  DecodeRequest request;
  CHECK(MakeInitialTokens(request, bundle).tokens == std::vector<int>{kSot});
  request.without_timestamps = true;
  CHECK(MakeInitialTokens(request, bundle).tokens == std::vector<int>{kSot, kWithoutTimes});
}

TEST_CASE("the prompt comes before, the prefix behind") {
  DecodeRequest request = English();
  request.prompt = {1, 2, 3};
  request.prefix = {4, 5};
  const InitialTokens initial = MakeInitialTokens(request, MakeBundle());
  CHECK(initial.tokens == std::vector<int>{kSotPrev, 1, 2, 3, kSot, kEnglish, kTranscribe, 4, 5});
  CHECK(initial.sot_index == 4);
}

TEST_CASE("a prompt's last tokens count, half the context but one") {
  DecodeRequest request = English();
  request.prompt = Text(1, 30);
  const InitialTokens initial = MakeInitialTokens(request, MakeBundle());
  CHECK(initial.sot_index == 10);
  CHECK(initial.tokens[1] == 22);
  CHECK(initial.tokens[9] == 30);
}

TEST_CASE("a prefix's last tokens count, half the context less the sampled length") {
  DecodeRequest request = English();
  request.prefix = Text(1, 9);
  request.sample_len = 6;  // 10 - 6 = 4
  CHECK(MakeInitialTokens(request, MakeBundle()).tokens ==
        std::vector<int>{kSot, kEnglish, kTranscribe, 6, 7, 8, 9});
  // The reference's slice of the last 0 is all of them, of the last -2 all but the first 2.
  request.sample_len = 0;
  CHECK(MakeInitialTokens(request, MakeBundle()).tokens.size() == 3 + 9);
  request.sample_len = 12;
  CHECK(MakeInitialTokens(request, MakeBundle()).tokens ==
        std::vector<int>{kSot, kEnglish, kTranscribe, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("in a shorter cache the window's own text goes before the prompt") {
  DecodeRequest request = English();
  request.prompt = Text(1, 30);
  request.sample_len = 8;
  // 16 - 3 - 8 - sot_prev = 4
  CHECK(MakeInitialTokens(request, MakeBundle(16)).sot_index == 5);
  CHECK(MakeInitialTokens(request, MakeBundle(12)).sot_index == 0);
}

TEST_CASE("initial tokens fit the cache whatever is asked for") {
  for (int cache = 4; cache <= 20; ++cache) {
    for (int prompt = 0; prompt <= 30; prompt += 3) {
      for (int prefix = 0; prefix <= 30; prefix += 3) {
        for (int sample_len : {0, 1, 9, 25}) {
          DecodeRequest request = English();
          request.prompt = Text(1, prompt);
          request.prefix = Text(50, prefix);
          request.sample_len = sample_len;
          const InitialTokens initial = MakeInitialTokens(request, MakeBundle(cache));
          REQUIRE(initial.tokens.size() <= static_cast<size_t>(cache));
          REQUIRE(initial.tokens[initial.sot_index] == kSot);
        }
      }
    }
  }
}

}  // namespace
}  // namespace sotto
