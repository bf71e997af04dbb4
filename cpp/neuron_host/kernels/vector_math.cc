#include "kernels/vector_math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "cpu_dispatch.h"
#include "kernels/float16.h"

namespace sotto::neuron {
namespace {

constexpr size_t kLanes = 16;  // sums side by side, which vector code can keep

constexpr float kToInteger = 12582912.0F;  // 1.5 * 2^23: float32's steps beside it are 1

// x to the nearest integer, ties to even, for |x| below 2^22.
SOTTO_INLINE float Nearest(float x) { return (x + kToInteger) - kToInteger; }

// 2^n and exp(r) - 1 with n an integer and exp(x) = 2^n exp(r), |r| <= ln(2) / 2. The series breaks
// off below float32's last place; ln(2) is in two parts (Cody and Waite), so that r is exact.
struct Exponential {
  float power, rest;
};
SOTTO_INLINE Exponential Exponent(float x) {
  const float shifted = x * 1.44269504F + kToInteger;
  const float n = shifted - kToInteger;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float series = 1.0F / 5040;
  series = series * r + 1.0F / 720;
  series = series * r + 1.0F / 120;
  series = series * r + 1.0F / 24;
  series = series * r + 1.0F / 6;
  series = series * r + 0.5F;
  return {FloatOf((BitsOf(shifted) << 23) + 0x3f800000U), series * r * r + r};
}

SOTTO_INLINE float Exp(float x) {
  const float within = x > 88.0F ? 88.0F : x < -87.0F ? -87.0F : x;
  const Exponential e = Exponent(within);
  const float y = e.power * e.rest + e.power;
  return x > 88.0F ? std::numeric_limits<float>::infinity() : x < -87.0F ? 0.0F : y;
}

// By exp(2x) - 1, which is as exact near 0 as anywhere.
SOTTO_INLINE float TanhOf(float x) {
  const float within = x > 10.0F ? 10.0F : x < -10.0F ? -10.0F : x;
  const Exponential e = Exponent(2 * within);
  const float less_one = e.power * e.rest + (e.power - 1);
  return less_one / (less_one + 2);
}

SOTTO_INLINE void RoundAll(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = RoundedToFloat16(x[i]);
}

SOTTO_INLINE void TanhAll(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = TanhOf(x[i]);
}

SOTTO_INLINE void LogisticAll(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = 1 / (1 + Exp(-x[i]));
}

SOTTO_INLINE void GeluTanhAll(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const float inner = 0.797884561F * (x[i] + 0.044715F * x[i] * x[i] * x[i]);
    y[i] = 0.5F * x[i] * (1 + TanhOf(inner));
  }
}

SOTTO_INLINE void SumAll(const float* x, size_t n, float* sum) {
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane];
  }
  float total = 0;
  for (; i < n; ++i) total += x[i];
  for (const float lane : lanes) total += lane;
  *sum = total;
}

SOTTO_INLINE void SoftmaxRow(const float* x, float* y, size_t n, float beta) {
  float lanes[kLanes];
  std::fill(lanes, lanes + kLanes, -std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float scaled = x[i + lane] * beta;
      lanes[lane] = scaled > lanes[lane] ? scaled : lanes[lane];
    }
  }
  float max = *std::max_element(lanes, lanes + kLanes);
  for (; i < n; ++i) max = std::max(max, x[i] * beta);
  for (i = 0; i < n; ++i) y[i] = Exp(x[i] * beta - max);
  float sum = 0;
  SumAll(y, n, &sum);
  for (i = 0; i < n; ++i) y[i] /= sum;
}

template <typename T>
SOTTO_INLINE void DequantizeAll(const T* x, float* y, size_t n, float scale, float zero_point) {
  for (size_t i = 0; i < n; ++i) y[i] = (static_cast<float>(x[i]) - zero_point) * scale;
}

template <typename T>
SOTTO_INLINE void QuantizeAll(const float* x, T* y, size_t n, float scale, float zero_point,
                              float min, float max) {
  for (size_t i = 0; i < n; ++i) {
    float q = x[i] / scale;
    q = q >= min - zero_point ? q : min - zero_point;  // and what is not a number
    q = q <= max - zero_point ? q : max - zero_point;
    y[i] = static_cast<T>(static_cast<int32_t>(Nearest(q) + zero_point));
  }
}

}  // namespace

SOTTO_DISPATCH(RoundToFloat16, (const float* x, float* y, size_t n), RoundAll, (x, y, n))
SOTTO_DISPATCH(Tanh, (const float* x, float* y, size_t n), TanhAll, (x, y, n))
SOTTO_DISPATCH(Logistic, (const float* x, float* y, size_t n), LogisticAll, (x, y, n))
SOTTO_DISPATCH(GeluTanh, (const float* x, float* y, size_t n), GeluTanhAll, (x, y, n))
SOTTO_DISPATCH(Softmax, (const float* x, float* y, size_t n, float beta), SoftmaxRow,
               (x, y, n, beta))
SOTTO_DISPATCH(Sum, (const float* x, size_t n, float* sum), SumAll, (x, n, sum))

void GeluErf(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = 0.5F * x[i] * (1 + std::erf(x[i] * 0.707106781F));
}

namespace {

SOTTO_DISPATCH(DequantizeInt8, (const int8_t* x, float* y, size_t n, float scale, float zero_point),
               DequantizeAll, (x, y, n, scale, zero_point))
SOTTO_DISPATCH(DequantizeUint8,
               (const uint8_t* x, float* y, size_t n, float scale, float zero_point), DequantizeAll,
               (x, y, n, scale, zero_point))
SOTTO_DISPATCH(DequantizeInt16,
               (const int16_t* x, float* y, size_t n, float scale, float zero_point), DequantizeAll,
               (x, y, n, scale, zero_point))
SOTTO_DISPATCH(QuantizeInt8,
               (const float* x, int8_t* y, size_t n, float scale, float zero_point, float min,
                float max),
               QuantizeAll, (x, y, n, scale, zero_point, min, max))
SOTTO_DISPATCH(QuantizeUint8,
               (const float* x, uint8_t* y, size_t n, float scale, float zero_point, float min,
                float max),
               QuantizeAll, (x, y, n, scale, zero_point, min, max))
SOTTO_DISPATCH(QuantizeInt16,
               (const float* x, int16_t* y, size_t n, float scale, float zero_point, float min,
                float max),
               QuantizeAll, (x, y, n, scale, zero_point, min, max))

}  // namespace

void Dequantize(const int8_t* x, float* y, size_t n, float scale, float zero_point) {
  DequantizeInt8(x, y, n, scale, zero_point);
}
void Dequantize(const uint8_t* x, float* y, size_t n, float scale, float zero_point) {
  DequantizeUint8(x, y, n, scale, zero_point);
}
void Dequantize(const int16_t* x, float* y, size_t n, float scale, float zero_point) {
  DequantizeInt16(x, y, n, scale, zero_point);
}
void Quantize(const float* x, int8_t* y, size_t n, float scale, float zero_point, float min,
              float max) {
  QuantizeInt8(x, y, n, scale, zero_point, min, max);
}
void Quantize(const float* x, uint8_t* y, size_t n, float scale, float zero_point, float min,
              float max) {
  QuantizeUint8(x, y, n, scale, zero_point, min, max);
}
void Quantize(const float* x, int16_t* y, size_t n, float scale, float zero_point, float min,
              float max) {
  QuantizeInt16(x, y, n, scale, zero_point, min, max);
}

}  // namespace sotto::neuron
