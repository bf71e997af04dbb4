#include "image/weighted_rows.h"

#include <algorithm>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sotto {
namespace {

constexpr size_t kChannels = ImageSettings::kChannels;
constexpr uint32_t kHalf = 1u << (kWeightBits - 1);

#ifdef __SSE2__

// SSE2, which every x86-64 has, multiplies 16 bits and adds pairs of products, in 32 bits. A weight
// is therefore taken apart, into its lower kLowBits and the rest, and two weights' parts lie side
// by side: [first low, second low, first rest, second rest], of 16 bits each.
constexpr int kLowBits = 12;
constexpr int32_t kLowMask = (1 << kLowBits) - 1;

int32_t SideBySide(int32_t first, int32_t second) {
  return static_cast<int32_t>((static_cast<uint32_t>(first) & 0xffff) |
                              (static_cast<uint32_t>(second) << 16));
}

// Two packed weights, each part in every 32 bits.
struct WeightPair {
  explicit WeightPair(const int32_t* packed) {
    const __m128i both = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(packed));
    low = _mm_shuffle_epi32(both, _MM_SHUFFLE(0, 0, 0, 0));
    rest = _mm_shuffle_epi32(both, _MM_SHUFFLE(1, 1, 1, 1));
  }

  __m128i low;
  __m128i rest;
};

// Four sums, in parts as their weights are.
struct Sums {
  void Add(__m128i pixels, const WeightPair& pair) {
    low = _mm_add_epi32(low, _mm_madd_epi16(pixels, pair.low));
    rest = _mm_add_epi32(rest, _mm_madd_epi16(pixels, pair.rest));
  }

  // int32 [4], not yet cut to 8 bits.
  __m128i Rounded() const {
    const __m128i sum = _mm_add_epi32(_mm_slli_epi32(rest, kLowBits), low);
    return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kWeightBits);
  }

  __m128i low = _mm_setzero_si128();
  __m128i rest = _mm_setzero_si128();
};

#else

// Sums are of uint32_t: a part of one may leave the range that the whole of it keeps to.
uint8_t Rounded(uint32_t sum) {
  return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(sum) >> kWeightBits, 0, 255));
}

#endif

}  // namespace

#ifdef __SSE2__

void PackWeights(FilterTaps* taps) {
  for (size_t i = 0; i < taps->weights.size(); i += 2) {
    int32_t* pair = taps->weights.data() + i;
    const int32_t low = SideBySide(pair[0] & kLowMask, pair[1] & kLowMask);
    pair[1] = SideBySide(pair[0] >> kLowBits, pair[1] >> kLowBits);
    pair[0] = low;
  }
}

void WeighAcross(const uint8_t* row, const FilterTaps& taps, uint8_t* out) {
  const __m128i zero = _mm_setzero_si128();
  const int32_t* weights = taps.weights.data();
  for (const size_t start : taps.starts) {
    const uint8_t* pixels = row + start * kChannels;
    Sums sums;
    for (size_t i = 0; i < taps.count; i += 2, pixels += 2 * kChannels) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixels));
      const __m128i values = _mm_unpacklo_epi8(bytes, zero);  // r0 g0 b0 r1 g1 b1 - -
      const __m128i second = _mm_srli_si128(values, 2 * kChannels);
      sums.Add(_mm_unpacklo_epi16(values, second), WeightPair(weights + i));
    }
    weights += taps.count;
    const __m128i words = _mm_packs_epi32(sums.Rounded(), zero);
    const int rgb = _mm_cvtsi128_si32(_mm_packus_epi16(words, zero));
    std::memcpy(out, &rgb, kChannels);
    out += kChannels;
  }
}

void WeighDown(const std::vector<const uint8_t*>& rows, const int32_t* weights, size_t bytes,
               uint8_t* out) {
  constexpr size_t kBlock = 16;
  const __m128i zero = _mm_setzero_si128();
  for (size_t at = 0; at < bytes; at += kBlock) {
    Sums sums[4];
    for (size_t i = 0; i < rows.size(); i += 2) {
      const WeightPair pair(weights + i);
      const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i] + at));
      const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i + 1] + at));
      const __m128i left = _mm_unpacklo_epi8(a, b);
      const __m128i right = _mm_unpackhi_epi8(a, b);
      sums[0].Add(_mm_unpacklo_epi8(left, zero), pair);
      sums[1].Add(_mm_unpackhi_epi8(left, zero), pair);
      sums[2].Add(_mm_unpacklo_epi8(right, zero), pair);
      sums[3].Add(_mm_unpackhi_epi8(right, zero), pair);
    }
    const __m128i left = _mm_packs_epi32(sums[0].Rounded(), sums[1].Rounded());
    const __m128i right = _mm_packs_epi32(sums[2].Rounded(), sums[3].Rounded());
    const __m128i block = _mm_packus_epi16(left, right);
    std::memcpy(out + at, &block, std::min(kBlock, bytes - at));
  }
}

#else

void PackWeights(FilterTaps*) {}

void WeighAcross(const uint8_t* row, const FilterTaps& taps, uint8_t* out) {
  const int32_t* weights = taps.weights.data();
  for (const size_t start : taps.starts) {
    const uint8_t* pixels = row + start * kChannels;
    uint32_t sums[kChannels] = {kHalf, kHalf, kHalf};
    for (size_t i = 0; i < taps.count; ++i, pixels += kChannels) {
      const auto weight = static_cast<uint32_t>(weights[i]);
      for (size_t c = 0; c < kChannels; ++c) sums[c] += weight * pixels[c];
    }
    weights += taps.count;
    for (const uint32_t sum : sums) *out++ = Rounded(sum);
  }
}

void WeighDown(const std::vector<const uint8_t*>& rows, const int32_t* weights, size_t bytes,
               uint8_t* out) {
  // Of so many bytes at once the sums stay in registers.
  constexpr size_t kBlock = 16;
  for (size_t at = 0; at < bytes; at += kBlock) {
    uint32_t sums[kBlock];
    std::fill_n(sums, kBlock, kHalf);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto weight = static_cast<uint32_t>(weights[i]);
      for (size_t j = 0; j < kBlock; ++j) sums[j] += weight * rows[i][at + j];
    }
    const size_t n = std::min(kBlock, bytes - at);
    for (size_t j = 0; j < n; ++j) out[at + j] = Rounded(sums[j]);
  }
}

#endif

}  // namespace sotto
