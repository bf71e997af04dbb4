#include "decode/token_decoder.h"

#include <doctest.h>

#include <cmath>
#include <vector>

#include "decode/logits.h"

namespace sotto {
namespace {

TEST_CASE("greedy decoding takes the likeliest token until the end of text") {
  GreedyDecoder decoder(kEot, 4);
  const std::vector<float> first = Logits({0.1, 0.6, 0.2, 0.1});
  const std::vector<float> second = Logits({0.5, 0.1, 0.3, 0.1});
  const std::vector<float> end = Logits({0.1, 0.1, 0.1, 0.7});
  CHECK(decoder.Update({first.data()}) == std::vector<size_t>{0});
  CHECK(decoder.Update({second.data()}) == std::vector<size_t>{0});
  CHECK(decoder.live()[0].tokens == std::vector<int>{1, 0});
  CHECK(decoder.Update({end.data()}).empty());
  const std::vector<Hypothesis> done = decoder.Finalize();
  REQUIRE(done.size() == 1);
  CHECK(done[0].tokens == std::vector<int>{1, 0});
  CHECK(done[0].logprobs[0] == doctest::Approx(std::log(0.6)));
  CHECK(done[0].logprobs[1] == doctest::Approx(std::log(0.5)));
  // The end of text counts in the sum.
  CHECK(done[0].sum_logprob == doctest::Approx(std::log(0.6 * 0.5 * 0.7)));
}

TEST_CASE("of equally likely tokens the first is taken") {
  GreedyDecoder decoder(kEot, 4);
  const std::vector<float> logits = Logits({0.1, 0.4, 0.4, 0.1});
  decoder.Update({logits.data()});
  CHECK(decoder.live()[0].tokens == std::vector<int>{1});
}

TEST_CASE("a text to which nothing may be added is done") {
  const std::vector<float> forbidden(4, -kInfinity);
  GreedyDecoder greedy(kEot, 4);
  CHECK(greedy.Update({forbidden.data()}).empty());
  CHECK(greedy.Finalize()[0].tokens.empty());
  SamplingDecoder sampling(2, 1.0, 0, kEot, 4);
  CHECK(sampling.Update({forbidden.data()}).empty());
  CHECK(sampling.Finalize().size() == 2);
}

TEST_CASE("samples fork from one start and go on each for itself") {
  SamplingDecoder decoder(3, 1.0, 1, kEot, 4);
  const std::vector<float> start = Logits({0.4, 0.3, 0.3, 1e-9});
  CHECK(decoder.Update({start.data()}) == std::vector<size_t>{0, 0, 0});
  REQUIRE(decoder.live().size() == 3);
  const std::vector<Hypothesis> before = decoder.live();
  // Only the second ends.
  const std::vector<float> on = Logits({1, 1e-9, 1e-9, 1e-9});
  const std::vector<float> end = Logits({1e-9, 1e-9, 1e-9, 1});
  CHECK(decoder.Update({on.data(), end.data(), on.data()}) == std::vector<size_t>{0, 2});
  CHECK(decoder.Update({on.data(), on.data()}) == std::vector<size_t>{0, 1});
  const std::vector<Hypothesis> done = decoder.Finalize();
  REQUIRE(done.size() == 3);
  CHECK(done[1].tokens == before[1].tokens);
  for (size_t i : {size_t{0}, size_t{2}}) {
    std::vector<int> expected = before[i].tokens;
    expected.insert(expected.end(), {0, 0});
    CHECK(done[i].tokens == expected);
  }
}

TEST_CASE("log probabilities of samples are those at temperature 1") {
  SamplingDecoder decoder(1, 5.0, 4, kEot, 4);
  const std::vector<double> probabilities = {0.7, 0.2, 0.1};
  const std::vector<float> logits = Logits({0.7, 0.2, 0.1, 1e-30});
  decoder.Update({logits.data()});
  REQUIRE(decoder.live().size() == 1);
  const Hypothesis& text = decoder.live()[0];
  CHECK(text.logprobs[0] ==
        doctest::Approx(std::log(probabilities[static_cast<size_t>(text.tokens[0])])));
}

Hypothesis Candidate(size_t length, float sum) {
  return {std::vector<int>(length, 1), std::vector<float>(length, 0), sum};
}

TEST_CASE("the likeliest candidate is so for its length") {
  // -0.5 and -0.4 a token.
  const std::vector<Hypothesis> candidates = {Candidate(2, -1.0f), Candidate(10, -4.0f)};
  CHECK(MostLikely(candidates, std::nullopt) == 1);
  CHECK(MostLikely(candidates, 0.0) == 0);  // by the sum alone
  // ((5 + 2) / 6) ^ 1 and ((5 + 10) / 6) ^ 1: -0.857 and -1.6.
  CHECK(MostLikely(candidates, 1.0) == 0);
}

TEST_CASE("of equally likely candidates the first is chosen") {
  CHECK(MostLikely({Candidate(1, -1.0f), Candidate(2, -2.0f)}, std::nullopt) == 0);
}

TEST_CASE("a candidate without tokens can be ranked") {
  CHECK(MostLikely({Candidate(0, -3.0f), Candidate(2, -2.0f)}, std::nullopt) == 1);
  CHECK(MostLikely({Candidate(0, -0.1f), Candidate(2, -2.0f)}, std::nullopt) == 0);
}

TEST_CASE("what is asked for is what decodes") {
  SearchOptions options;
  CHECK(MakeTokenDecoder(options, kEot, 4)->Finalize().size() == 1);
  options.samples = 5;  // counts above temperature 0 alone
  CHECK(MakeTokenDecoder(options, kEot, 4)->Finalize().size() == 1);
  options.temperature = 0.5;
  options.beam_size = 3;  // counts at temperature 0 alone
  const std::vector<float> logits = Logits({0.25, 0.25, 0.25, 1e-9});
  const auto sampling = MakeTokenDecoder(options, kEot, 4);
  sampling->Update({logits.data()});
  CHECK(sampling->live().size() == 5);
  options.temperature = 0;
  const auto beams = MakeTokenDecoder(options, kEot, 4);
  beams->Update({logits.data()});
  CHECK(beams->live().size() == 3);
}

}  // namespace
}  // namespace sotto
