#include "kernels/reductions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/strided_copy.h"
#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

struct Axis {
  size_t size, step;
};

// Where the n-th element of some dimensions is; the last one goes first.
size_t PlaceOf(size_t n, const std::vector<Axis>& axes) {
  size_t place = 0;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    place += n % axis->size * axis->step;
    n /= axis->size;
  }
  return place;
}

// Gathers what is reduced to one element in a row, unless it is one already, and calls
// `reduce(row, n)`.
template <typename Reduce>
Run ReductionRun(const Call& call, std::vector<Axis> kept, std::vector<Axis> gone,
                 const Reduce& reduce) {
  const size_t count = call.outputs[0].elements, size = call.inputs[0].elements / count;
  const bool fp16 = call.fp16();
  const bool row = gone.size() == 1 && gone[0].step == 1;
  return [=](const Buffers& buffers, Threads& threads) {
    const float* input = buffers.in<float>(0);
    float* output = buffers.out<float>();
    ForPieces(threads, count, std::max<size_t>(1, kElementsPiece / size),
              [&](size_t begin, size_t end, Workspace& workspace) {
                float* gathered = row ? nullptr : workspace.patches.Get<float>(size);
                for (size_t i = begin; i < end; ++i) {
                  const float* first = input + PlaceOf(i, kept);
                  if (!row) {
                    for (size_t k = 0; k < size; ++k) gathered[k] = first[PlaceOf(k, gone)];
                  }
                  output[i] = reduce(row ? first : gathered, size);
                }
                if (fp16) RoundToFloat16(output + begin, output + begin, end - begin);
              });
  };
}

// Rows of `size` elements, one after the other.
template <typename Function>
Kernel RowKernel(const Call& call, size_t size, const Function& function) {
  const size_t rows = call.outputs[0].elements / size;
  const bool fp16 = call.fp16();
  return {[=](const Buffers& buffers, Threads& threads) {
            const float* x = buffers.in<float>(0);
            float* y = buffers.out<float>();
            ForPieces(threads, rows, std::max<size_t>(1, kElementsPiece / size),
                      [&](size_t begin, size_t end, Workspace&) {
                        for (size_t row = begin; row < end; ++row) {
                          float* to = y + row * size;
                          function(x + row * size, to, size);
                          if (fp16) RoundToFloat16(to, to, size);
                        }
                      });
          },
          {}};
}

sotto::Result<bool> KeptDimensions(const Call& call) {
  if (call.code != kMean) return BoolOf(call, 2);
  SOTTO_ASSIGN_OR_RETURN(const int32_t keep, IntOf(call, 2));
  return keep != 0;
}

}  // namespace

sotto::Result<Kernel> PrepareReduction(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, IntsOf(call, 1));
  SOTTO_RETURN_IF_ERROR(KeptDimensions(call));
  const Dimensions& sizes = call.inputs[0].dimensions;
  std::vector<bool> is_gone(sizes.size());
  for (const int32_t axis : axes) {
    is_gone[static_cast<size_t>(axis < 0 ? axis + static_cast<int32_t>(sizes.size()) : axis)] =
        true;
  }
  const std::vector<int64_t> steps = StepsOf(sizes);
  std::vector<Axis> kept, gone;
  for (size_t d = 0; d < sizes.size(); ++d) {
    std::vector<Axis>& among = is_gone[d] ? gone : kept;
    const Axis axis = {sizes[d], static_cast<size_t>(steps[d])};
    if (!among.empty() && among.back().step == axis.size * axis.step) {
      among.back() = {among.back().size * axis.size, axis.step};
    } else {
      among.push_back(axis);
    }
  }
  Kernel kernel;
  if (call.code == kReduceMax) {
    kernel.run = ReductionRun(call, std::move(kept), std::move(gone),
                              [](const float* x, size_t n) { return *std::max_element(x, x + n); });
    return kernel;
  }
  const bool mean = call.code == kMean;
  kernel.run = ReductionRun(call, std::move(kept), std::move(gone), [=](const float* x, size_t n) {
    float sum = 0;
    Sum(x, n, &sum);
    return mean ? sum / static_cast<float>(n) : sum;
  });
  return kernel;
}

sotto::Result<Kernel> PrepareSoftmax(const Call& call) {
  SOTTO_ASSIGN_OR_RETURN(const float beta, FloatOf(call, 1));
  const Dimensions& sizes = call.inputs[0].dimensions;
  if (call.inputs.size() > 2) {
    SOTTO_ASSIGN_OR_RETURN(const int32_t axis, IntOf(call, 2));
    if (axis != -1 && axis != static_cast<int32_t>(sizes.size()) - 1) {
      return Unsupported("its axis is not the last one");
    }
  }
  return RowKernel(call, sizes.back(),
                   [=](const float* x, float* y, size_t n) { Softmax(x, y, n, beta); });
}

// TFLite divides by 1e-6 where the norm is less.
sotto::Result<Kernel> PrepareL2Normalization(const Call& call) {
  const Dimensions& sizes = call.inputs[0].dimensions;
  if (call.inputs.size() > 1) {
    SOTTO_ASSIGN_OR_RETURN(const int32_t axis, IntOf(call, 1));
    if (axis != -1 && axis != static_cast<int32_t>(sizes.size()) - 1) {
      return Unsupported("its axis is not the last one");
    }
  }
  return RowKernel(call, sizes.back(), [](const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; ++i) y[i] = x[i] * x[i];
    float sum = 0;
    Sum(y, n, &sum);
    const float norm = std::max(std::sqrt(sum), 1e-6F);
    for (size_t i = 0; i < n; ++i) y[i] = x[i] / norm;
  });
}

}  // namespace sotto::neuron
