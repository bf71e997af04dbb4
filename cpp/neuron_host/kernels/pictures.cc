#include "kernels/pictures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/sliding_window.h"
#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

// Calls `compute(batch, row, column, output)` for each place of the output, whose channels it
// writes.
template <typename Compute>
Kernel PlaceKernel(const Call& call, const Compute& compute) {
  const Dimensions& sizes = call.outputs[0].dimensions;
  const size_t rows = sizes[1], columns = sizes[2], channels = sizes[3];
  const size_t places = call.outputs[0].elements / channels;
  const bool fp16 = call.fp16();
  return {[=](const Buffers& buffers, Threads& threads) {
            ForPieces(threads, places, std::max<size_t>(1, kElementsPiece / channels),
                      [&](size_t begin, size_t end, Workspace&) {
                        for (size_t i = begin; i < end; ++i) {
                          float* to = buffers.out<float>() + i * channels;
                          compute(buffers.in<float>(0), i / columns / rows, i / columns % rows,
                                  i % columns, to);
                          if (fp16) RoundToFloat16(to, to, channels);
                        }
                      });
          },
          {}};
}

// What of the input one place of the output is made of, along one axis.
struct Blend {
  size_t near, far;
  float share;  // of far
};

std::vector<Blend> BlendsOf(size_t from, size_t to, bool align_corners, bool half_pixels,
                            bool nearest) {
  const float scale = align_corners && to > 1
                          ? static_cast<float>(from - 1) / static_cast<float>(to - 1)
                          : static_cast<float>(from) / static_cast<float>(to);
  std::vector<Blend> blends;
  for (size_t i = 0; i < to; ++i) {
    const float at = static_cast<float>(i);
    const float last = static_cast<float>(from - 1);
    if (nearest) {
      const float place = (half_pixels ? at + 0.5F : at) * scale;
      const float whole = align_corners ? std::round(place) : std::floor(place);
      const auto near = static_cast<size_t>(std::clamp(whole, 0.0F, last));
      blends.push_back({near, near, 0});
      continue;
    }
    const float place = half_pixels ? (at + 0.5F) * scale - 0.5F : at * scale;
    const float near = std::clamp(std::floor(place), 0.0F, last);
    const float far = std::clamp(std::ceil(place), 0.0F, last);
    blends.push_back({static_cast<size_t>(near), static_cast<size_t>(far),
                      std::clamp(place - near, 0.0F, 1.0F)});
  }
  return blends;
}

}  // namespace

// Input, padding, stride w, h, window w, h, activation[, NCHW].
sotto::Result<Kernel> PreparePool(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const int32_t padding, IntOf(call, 1));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_x, IntOf(call, 2));
  SOTTO_ASSIGN_OR_RETURN(const int32_t stride_y, IntOf(call, 3));
  SOTTO_ASSIGN_OR_RETURN(const int32_t size_x, IntOf(call, 4));
  SOTTO_ASSIGN_OR_RETURN(const int32_t size_y, IntOf(call, 5));
  SOTTO_ASSIGN_OR_RETURN(const ActivationRange activation, ActivationOf(call, 6));
  if (call.inputs.size() > 7) {
    SOTTO_ASSIGN_OR_RETURN(const bool channels_first, BoolOf(call, 7));
    if (channels_first) return Unsupported("channels come first");
  }
  const Dimensions &input = call.inputs[0].dimensions, &output = call.outputs[0].dimensions;
  if (input[3] != output[3]) return Unsupported("its output has other channels than its input");
  SOTTO_ASSIGN_OR_RETURN(const SlidingWindow y,
                         Slide(input[1], output[1], size_y, stride_y, 1, padding));
  SOTTO_ASSIGN_OR_RETURN(const SlidingWindow x,
                         Slide(input[2], output[2], size_x, stride_x, 1, padding));
  const bool average = call.code == kAveragePool2d;
  const size_t channels = input[3];
  return PlaceKernel(
      call, [=](const float* picture, size_t batch, size_t row, size_t column, float* to) {
        std::fill(to, to + channels, average ? 0 : -std::numeric_limits<float>::infinity());
        const int64_t from_y = y.At(static_cast<int64_t>(row), 0);
        const int64_t from_x = x.At(static_cast<int64_t>(column), 0);
        size_t seen = 0;  // the padding does not count
        for (int64_t at_y = std::max<int64_t>(from_y, 0);
             at_y < std::min(from_y + y.size, y.length); ++at_y) {
          for (int64_t at_x = std::max<int64_t>(from_x, 0);
               at_x < std::min(from_x + x.size, x.length); ++at_x, ++seen) {
            const int64_t place = (static_cast<int64_t>(batch) * y.length + at_y) * x.length + at_x;
            const float* from = picture + static_cast<size_t>(place) * channels;
            for (size_t c = 0; c < channels; ++c) {
              to[c] = average ? to[c] + from[c] : std::max(to[c], from[c]);
            }
          }
        }
        for (size_t c = 0; c < channels; ++c) {
          to[c] = activation(average ? to[c] / static_cast<float>(seen) : to[c]);
        }
      });
}

// Input, height, width[, NCHW, align corners, half pixels]: the sizes as the plugin passes them, of
// which only the output's are read.
sotto::Result<Kernel> PrepareResize(const Call& call) {
  bool flags[3] = {};
  for (size_t i = 3; i < call.inputs.size(); ++i) {
    SOTTO_ASSIGN_OR_RETURN(flags[i - 3], BoolOf(call, i));
  }
  if (flags[0]) return Unsupported("channels come first");
  const Dimensions &input = call.inputs[0].dimensions, &output = call.outputs[0].dimensions;
  if (input[3] != output[3]) return Unsupported("its output has other channels than its input");
  const bool nearest = call.code == kResizeNearestNeighbor;
  const std::vector<Blend> down = BlendsOf(input[1], output[1], flags[1], flags[2], nearest);
  const std::vector<Blend> across = BlendsOf(input[2], output[2], flags[1], flags[2], nearest);
  const size_t rows = input[1], columns = input[2], channels = input[3];
  return PlaceKernel(call,
                     [=](const float* picture, size_t batch, size_t row, size_t column, float* to) {
                       const Blend &y = down[row], &x = across[column];
                       const auto at = [&](size_t place_y, size_t place_x) {
                         return picture + ((batch * rows + place_y) * columns + place_x) * channels;
                       };
                       const float *near_near = at(y.near, x.near), *near_far = at(y.near, x.far);
                       const float *far_near = at(y.far, x.near), *far_far = at(y.far, x.far);
                       for (size_t c = 0; c < channels; ++c) {
                         const float near = near_near[c] * (1 - x.share) + near_far[c] * x.share;
                         const float far = far_near[c] * (1 - x.share) + far_far[c] * x.share;
                         to[c] = near * (1 - y.share) + far * y.share;
                       }
                     });
}

}  // namespace sotto::neuron
