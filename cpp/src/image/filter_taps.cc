#include "image/filter_taps.h"

#include <algorithm>
#include <cmath>

namespace sotto {
namespace {

constexpr double kPi = 3.14159265358979323846;

double Box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double Bilinear(double x) {
  x = std::fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double Hamming(double x) {
  x = std::fabs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= kPi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));
}

double Bicubic(double x) {
  constexpr double kA = -0.5;
  x = std::fabs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= kPi;
  return std::sin(x) / x;
}

double Lanczos(double x) { return -3.0 <= x && x < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0; }

struct Filter {
  double (*weight)(double x);
  double support;  // half of the width in which it is not 0
};

Filter FilterOf(Resample resample) {
  switch (resample) {
    case Resample::kLanczos:
      return {Lanczos, 3.0};
    case Resample::kBilinear:
      return {Bilinear, 1.0};
    case Resample::kBicubic:
      return {Bicubic, 2.0};
    case Resample::kHamming:
      return {Hamming, 1.0};
    case Resample::kNearest:
    case Resample::kBox:
      break;
  }
  return {Box, 0.5};
}

// Input pixels an output pixel. Pillow holds the box that is resized in float.
double Scale(const ResampleAxis& axis) {
  return static_cast<double>(static_cast<float>(axis.in)) / static_cast<double>(axis.out);
}

size_t Even(size_t n) { return (n + 1) / 2 * 2; }

int32_t FixedPoint(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kWeightBits));
}

}  // namespace

FilterTaps MakeFilterTaps(const ResampleAxis& axis, Resample resample) {
  const Filter filter = FilterOf(resample);
  const double scale = Scale(axis);
  const double stretch = std::max(scale, 1.0);  // a wider filter where it is scaled down
  const double support = filter.support * stretch;
  const auto widest = static_cast<size_t>(std::ceil(support)) * 2 + 1;

  FilterTaps taps;
  taps.count = Even(std::min(widest, axis.in));
  taps.starts.reserve(axis.kept);
  taps.weights.assign(axis.kept * taps.count, 0);
  std::vector<double> weights(taps.count);
  for (size_t i = 0; i < axis.kept; ++i) {
    const double centre = (static_cast<double>(axis.first + i) + 0.5) * scale;
    const auto begin = static_cast<size_t>(std::max(centre - support + 0.5, 0.0));
    const size_t end = std::min(static_cast<size_t>(centre + support + 0.5), axis.in);
    double sum = 0;
    for (size_t x = begin; x < end; ++x) {
      const double distance = static_cast<double>(x) - centre + 0.5;
      sum += weights[x - begin] = filter.weight(distance * (1.0 / stretch));
    }
    // At the end of the axis, weights of 0 come first, so that no more than that is read.
    const size_t start = std::min(begin, Even(axis.in) - taps.count);
    int32_t* out = taps.weights.data() + i * taps.count + begin - start;
    for (size_t x = begin; x < end; ++x) {
      const double weight = weights[x - begin];
      *out++ = FixedPoint(sum != 0 ? weight / sum : weight);
    }
    taps.starts.push_back(start);
  }
  return taps;
}

std::vector<size_t> NearestPixels(const ResampleAxis& axis) {
  const double scale = Scale(axis);
  std::vector<size_t> pixels;
  pixels.reserve(axis.kept);
  // Added up and not multiplied, so that it is rounded as Pillow's.
  double at = scale * 0.5;
  for (size_t i = 0; i < axis.first + axis.kept; ++i, at += scale) {
    if (i >= axis.first) pixels.push_back(std::min(static_cast<size_t>(at), axis.in - 1));
  }
  return pixels;
}

}  // namespace sotto
