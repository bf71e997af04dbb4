#include "decode/token_sampler.h"

#include <algorithm>
#include <cmath>

#include "decode/log_softmax.h"

namespace sotto {
namespace {

// Weights that are added up before they are gone through one by one.
constexpr size_t kBlock = 256;

}  // namespace

TokenSampler::TokenSampler(double temperature, uint64_t seed)
    : inverse_temperature_(static_cast<float>(1.0 / temperature)), generator_(seed) {}

std::optional<size_t> TokenSampler::Draw(const float* logits, size_t count) {
  const float largest = Largest(logits, count);
  if (!std::isfinite(largest)) return std::nullopt;
  weights_.resize(count);
  Exponentials(logits, count, largest, inverse_temperature_, weights_.data());
  block_sums_.clear();
  double total = 0;
  for (size_t start = 0; start < count; start += kBlock) {
    block_sums_.push_back(Sum(weights_.data() + start, std::min(kBlock, count - start)));
    total += block_sums_.back();
  }
  const double uniform = static_cast<double>(generator_() >> 11) * 0x1.0p-53;
  double left = uniform * total;
  size_t block = 0;
  while (block + 1 < block_sums_.size() && left >= block_sums_[block]) left -= block_sums_[block++];
  // Rounding may leave a little more than what the rest weighs: then the last that weighs.
  size_t token = 0;
  for (size_t i = block * kBlock; i < count; ++i) {
    if (weights_[i] == 0) continue;
    token = i;
    if (left < weights_[i]) return token;
    left -= weights_[i];
  }
  if (weights_[token] > 0) return token;
  return ArgMax(weights_.data(), count);
}

}  // namespace sotto
