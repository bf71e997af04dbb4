#include "embed/embedding_audio.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace sotto {
namespace {

// A second of noise whose level rises and falls by 60 dB.
std::vector<float> Waves() {
  std::mt19937 random(0);
  std::normal_distribution<float> noise;
  std::vector<float> samples(kSampleRate);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double phase = static_cast<double>(i) / kSampleRate * 6.28318530718;
    samples[i] = noise(random) * static_cast<float>(std::pow(10.0, -1.5 + 1.5 * std::sin(phase)));
  }
  return samples;
}

std::vector<float> PoolOf(const std::vector<float>& samples) {
  const std::vector<double> powers = PositionPowers(samples.data(), samples.size());
  const double loudest = *std::max_element(powers.begin(), powers.end());
  std::vector<float> pool(100, 9.0f);
  WriteSoundPool(powers, loudest, pool.size(), pool.data());
  return pool;
}

TEST_CASE("a position's power is of the samples around its centre") {
  std::vector<float> samples(640, 0.0f);
  samples[159] = 2;  // the last of the first position, which has half as many
  samples[160] = 3;
  CHECK(PositionPowers(samples.data(), 640) == std::vector<double>{4.0 / 160, 9.0 / 480});
  CHECK(PositionPowers(samples.data(), 481) == std::vector<double>{4.0 / 160, 9.0 / 321});
  CHECK(PositionPowers(samples.data(), 320).size() == 1);
  CHECK(PositionPowers(samples.data(), 1).size() == 1);
  CHECK(PositionPowers(samples.data(), 0).empty());
}

TEST_CASE("a full window, or one of half a position more, has as many positions as its graph") {
  const std::vector<float> samples(kSampleRate + 160, 1.0f);
  for (const size_t n : {kSampleRate - 159, kSampleRate, kSampleRate + 159}) {
    CHECK(PositionPowers(samples.data(), static_cast<size_t>(n)).size() == 50);
  }
  CHECK(PositionPowers(samples.data(), kSampleRate + 160).size() == 51);
}

TEST_CASE("positions that hold sound share the weight, quiet ones and padding have none") {
  const std::vector<double> powers = {1, 1e-2, 1e-4, 0, 2e-3};
  std::vector<float> pool(7, 9.0f);
  CHECK(WriteSoundPool(powers, 1, pool.size(), pool.data()) == 3);
  const float third = 1.0f / 3;
  CHECK(pool == std::vector<float>{third, third, 0, 0, third, 0, 0});
}

TEST_CASE("the same recording louder or quieter has sound at the same positions") {
  const std::vector<float> samples = Waves();
  const std::vector<float> expected = PoolOf(samples);
  CHECK(std::count(expected.begin(), expected.end(), 0.0f) > 10);
  CHECK(std::count(expected.begin(), expected.end(), 0.0f) < 90);
  for (const float gain : {1e-3f, 0.1f, 0.7f, 3.3f, 100.0f}) {
    std::vector<float> louder = samples;
    for (float& sample : louder) sample *= gain;
    CHECK(PoolOf(louder) == expected);
  }
}

TEST_CASE("a quiet window of a loud recording holds no sound") {
  std::vector<float> pool(3, 9.0f);
  CHECK(WriteSoundPool({1e-5, 2e-5}, 1, pool.size(), pool.data()) == 0);
  CHECK(pool == std::vector<float>{0, 0, 0});
}

TEST_CASE("of silence every position counts, but none of the padding") {
  std::vector<float> pool(4, 9.0f);
  CHECK(WriteSoundPool({0, 0}, 0, pool.size(), pool.data()) == 2);
  CHECK(pool == std::vector<float>{0.5f, 0.5f, 0, 0});
}

TEST_CASE("positions beyond the window are left out") {
  std::vector<float> pool(2, 9.0f);
  CHECK(WriteSoundPool({1, 1, 1}, 1, pool.size(), pool.data()) == 2);
}

}  // namespace
}  // namespace sotto
