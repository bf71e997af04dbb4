#include "decode/beam_search.h"

#include <doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "decode/logits.h"

namespace sotto {
namespace {

constexpr size_t kVocab = 4;

std::vector<std::vector<int>> Texts(const std::vector<Hypothesis>& hypotheses) {
  std::vector<std::vector<int>> texts;
  for (const Hypothesis& hypothesis : hypotheses) texts.push_back(hypothesis.tokens);
  return texts;
}

using TextList = std::vector<std::vector<int>>;

TEST_CASE("the beams fork from one start") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.2, 0.5, 0.2, 0.1});
  CHECK(decoder.Update({start.data()}) == std::vector<size_t>{0, 0});
  CHECK(Texts(decoder.live()) == TextList{{1}, {0}});
}

TEST_CASE("a text that begins less likely may win") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.6, 0.4, 1e-9, 1e-9});
  decoder.Update({start.data()});
  const std::vector<float> even = Logits({0.3, 0.3, 0.4, 1e-9});
  const std::vector<float> sure = Logits({1e-9, 1e-9, 0.95, 0.05});
  // 0.4 * 0.95 before 0.6 * 0.4.
  CHECK(decoder.Update({even.data(), sure.data()}) == std::vector<size_t>{1, 0});
  CHECK(Texts(decoder.live()) == TextList{{1, 2}, {0, 2}});
  CHECK(decoder.live()[0].sum_logprob == doctest::Approx(std::log(0.4 * 0.95)));
  CHECK(decoder.live()[0].logprobs[0] == doctest::Approx(std::log(0.4)));
  CHECK(decoder.live()[0].logprobs[1] == doctest::Approx(std::log(0.95)));
}

TEST_CASE("both beams may continue the same text") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.98, 0.02, 1e-9, 1e-9});
  decoder.Update({start.data()});
  const std::vector<float> even = Logits({0.5, 0.5, 1e-9, 1e-9});
  CHECK(decoder.Update({even.data(), even.data()}) == std::vector<size_t>{0, 0});
  CHECK(Texts(decoder.live()) == TextList{{0, 0}, {0, 1}});
}

TEST_CASE("the search ends when as many texts are done as there are beams") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.5, 0.3, 0.05, 0.15});
  CHECK(!decoder.Update({start.data()}).empty());
  const std::vector<float> end = Logits({0.1, 0.05, 0.05, 0.8});
  CHECK(decoder.Update({end.data(), end.data()}).empty());
  // As they were done, each with its end of text in the sum.
  const std::vector<Hypothesis> done = decoder.Finalize();
  CHECK(Texts(done) == TextList{{0}, {1}});
  CHECK(done[0].sum_logprob == doctest::Approx(std::log(0.5 * 0.8)));
}

TEST_CASE("a text that ends below the beams is not done") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.5, 0.3, 0.05, 0.15});
  decoder.Update({start.data()});  // its end of text is third
  CHECK(Texts(decoder.Finalize()) == TextList{{0}, {1}});
}

TEST_CASE("patience waits for more texts, and less for fewer") {
  const std::vector<float> logits = Logits({0.5, 0.1, 0.1, 0.3});
  const auto steps = [&](double patience) {
    BeamSearchDecoder decoder(2, patience, kEot, kVocab);
    int count = 1;
    std::vector<size_t> parents = decoder.Update({logits.data()});
    for (; !parents.empty() && count < 100; ++count) {
      parents = decoder.Update(std::vector<const float*>(parents.size(), logits.data()));
    }
    return count;
  };
  CHECK(steps(0.5) == 1);
  CHECK(steps(1.0) > 1);
  CHECK(steps(2.0) > steps(1.0));
  CHECK(steps(0) == steps(1.0));
}

TEST_CASE("beams times patience is rounded, half to the even") {
  const std::vector<float> end = Logits({0.1, 0.1, 0.1, 0.7});
  const auto done = [&](int beams, double patience) {
    BeamSearchDecoder decoder(beams, patience, kEot, kVocab);
    int count = 0;
    std::vector<size_t> parents = {0};
    for (; !parents.empty() && count < 100; ++count) {
      parents = decoder.Update(std::vector<const float*>(parents.size(), end.data()));
    }
    return decoder.Finalize().size();
  };
  CHECK(done(1, 2.5) == 2);
  CHECK(done(1, 3.5) == 4);
  CHECK(done(1, 0.2) == 1);
}

TEST_CASE("too few texts that are done are filled up with the likeliest that are not") {
  BeamSearchDecoder decoder(3, 1.0, kEot, 5);
  const std::vector<float> start = Logits({0.2, 0.3, 0.1, 0.35, 0.05});
  decoder.Update({start.data()});
  CHECK(Texts(decoder.Finalize()) == TextList{{}, {1}, {0}});
}

TEST_CASE("of equally likely texts that fill up, the later comes first") {
  BeamSearchDecoder decoder(2, 1.0, kEot, kVocab);
  const std::vector<float> start = Logits({0.3, 0.3, 0.3, 0.1});
  decoder.Update({start.data()});
  CHECK(Texts(decoder.live()) == TextList{{0}, {1}});
  CHECK(Texts(decoder.Finalize()) == TextList{{1}, {0}});
}

TEST_CASE("what is forbidden makes no beam") {
  BeamSearchDecoder decoder(3, 1.0, kEot, kVocab);
  std::vector<float> logits(kVocab, -std::numeric_limits<float>::infinity());
  CHECK(decoder.Update({logits.data()}).empty());
  CHECK(Texts(decoder.Finalize()) == TextList{{}});
  BeamSearchDecoder forced(3, 1.0, kEot, kVocab);
  logits[1] = 0;
  CHECK(forced.Update({logits.data()}) == std::vector<size_t>{0});
  const std::vector<float> open = Logits({0.4, 0.3, 0.2, 0.1});
  CHECK(forced.Update({open.data()}) == std::vector<size_t>{0, 0, 0});
  CHECK(Texts(forced.live()) == TextList{{1, 0}, {1, 1}, {1, 2}});
}

}  // namespace
}  // namespace sotto
