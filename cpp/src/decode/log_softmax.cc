#include "decode/log_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace sotto {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Values that a loop works on at once: a multiple of every machine's vectors.
constexpr size_t kLanes = 16;

// Values after which float sums go over into a double.
constexpr size_t kBlock = 1024;

// e^x for x <= 0 (Cephes, expf), without calls, so that loops over it become vector code.
inline float ExpOfNegative(float x) {
  constexpr float kMin = -87.0f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  const float clamped = x > kMin ? x : kMin;
  const float shifted = clamped * 1.44269504f + kRound;  // / ln 2
  const float n = shifted - kRound;
  const float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float mantissa = p * r * r + r + 1.0f;
  int32_t bits = 0;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = static_cast<int32_t>(static_cast<uint32_t>(bits + 127) << 23);  // 2^n
  float power = 0;
  std::memcpy(&power, &bits, sizeof(power));
  return x < kMin ? 0.0f : mantissa * power;
}

float SumOfExp(const float* logits, size_t count, float largest) {
  float exponentials[kBlock];
  double sum = 0;
  for (size_t start = 0; start < count; start += kBlock) {
    const size_t size = std::min(kBlock, count - start);
    Exponentials(logits + start, size, largest, 1.0f, exponentials);
    sum += Sum(exponentials, size);
  }
  return static_cast<float>(sum);
}

}  // namespace

void Exponentials(const float* logits, size_t count, float largest, float scale, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = ExpOfNegative((logits[i] - largest) * scale);
}

double Sum(const float* values, size_t count) {
  double sum = 0;
  size_t i = 0;
  while (i + kLanes <= count) {
    const size_t end = std::min(i + kBlock, count);
    float lanes[kLanes] = {};
    for (; i + kLanes <= end; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
    }
    for (float lane : lanes) sum += lane;
  }
  for (; i < count; ++i) sum += values[i];
  return sum;
}

float Largest(const float* values, size_t count) {
  float lanes[kLanes];
  std::fill_n(lanes, kLanes, values[0]);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = values[i + lane] > lanes[lane] ? values[i + lane] : lanes[lane];
    }
  }
  float largest = *std::max_element(lanes, lanes + kLanes);
  for (; i < count; ++i) largest = std::max(largest, values[i]);
  return largest;
}

size_t ArgMax(const float* values, size_t count) {
  size_t best = 0;
  float largest = -kInfinity;
  for (size_t start = 0; start < count; start += kBlock) {
    const size_t size = std::min(kBlock, count - start);
    const float here = Largest(values + start, size);
    if (!(here > largest)) continue;
    largest = here;
    best = start;
  }
  while (best + 1 < count && values[best] != largest) ++best;
  return largest > -kInfinity ? best : 0;
}

std::vector<size_t> TopK(const float* values, size_t count, size_t k) {
  std::vector<size_t> top;
  top.reserve(k + 1);
  float min = -kInfinity;  // to be passed
  for (size_t start = 0; start < count && k > 0; start += kBlock) {
    const size_t size = std::min(kBlock, count - start);
    if (!(Largest(values + start, size) > min)) continue;
    for (size_t i = start; i < start + size; ++i) {
      if (!(values[i] > min)) continue;
      const auto place = std::find_if(top.begin(), top.end(),
                                      [&](size_t other) { return values[other] < values[i]; });
      top.insert(place, i);
      if (top.size() > k) top.pop_back();
      if (top.size() == k) min = values[top.back()];
    }
  }
  return top;
}

LogSoftmax::LogSoftmax(const float* logits, size_t count)
    : largest_(Largest(logits, count)), log_sum_(0) {
  if (largest_ > -kInfinity) log_sum_ = std::log(SumOfExp(logits, count, largest_));
}

double LogSoftmax::log_sum_exp() const { return static_cast<double>(largest_) + log_sum_; }

}  // namespace sotto
