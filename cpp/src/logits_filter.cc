#include "logits_filter.h"

#include <limits>

namespace sotto {
namespace {

void Forbid(const std::vector<int>& tokens, float* logits) {
  for (int token : tokens) logits[token] = -std::numeric_limits<float>::infinity();
}

}  // namespace

void SuppressTokens::Apply(const std::vector<int>&, float* logits) const {
  Forbid(tokens_, logits);
}

void SuppressAtBegin::Apply(const std::vector<int>& sampled, float* logits) const {
  if (sampled.empty()) Forbid(tokens_, logits);
}

}  // namespace sotto
