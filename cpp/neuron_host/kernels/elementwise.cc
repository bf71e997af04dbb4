#include "kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/broadcast.h"
#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

// y[i] = function of two rows' elements, of which one may be a single number.
template <typename Out, typename Function>
void ApplyToRow(const float* left, bool left_moves, const float* right, bool right_moves, Out* y,
                size_t n, const Function& function) {
  if (left_moves && right_moves) {
    for (size_t i = 0; i < n; ++i) y[i] = function(left[i], right[i]);
  } else if (left_moves) {
    const float alone = *right;
    for (size_t i = 0; i < n; ++i) y[i] = function(left[i], alone);
  } else if (right_moves) {
    const float alone = *left;
    for (size_t i = 0; i < n; ++i) y[i] = function(alone, right[i]);
  } else {
    std::fill(y, y + n, function(*left, *right));
  }
}

// Calls `row(places, column, columns)` for pieces of rows, small ones together in a task.
template <typename Row>
void ForRows(const Broadcast& broadcast, Threads& threads, const Row& row) {
  const size_t columns = broadcast.columns();
  if (columns >= kElementsPiece) {
    const size_t pieces = (columns + kElementsPiece - 1) / kElementsPiece;
    threads.For(broadcast.rows() * pieces, [&](size_t i, Workspace&) {
      const size_t begin = i % pieces * kElementsPiece;
      row(i / pieces, begin, std::min(kElementsPiece, columns - begin));
    });
    return;
  }
  ForPieces(threads, broadcast.rows(), kElementsPiece / columns,
            [&](size_t begin, size_t end, Workspace&) {
              for (size_t i = begin; i < end; ++i) row(i, 0, columns);
            });
}

// `finish(y, n)` is given what was computed while it is in the cache.
template <typename Out, typename Function, typename Finish>
Run BinaryRun(Broadcast broadcast, Function function, Finish finish) {
  return [=](const Buffers& buffers, Threads& threads) {
    const auto *left = buffers.in<float>(0), *right = buffers.in<float>(1);
    Out* output = buffers.out<Out>();
    ForRows(broadcast, threads, [&](size_t i, size_t column, size_t columns) {
      const Broadcast::Places places = broadcast.Row(i);
      const size_t left_column = broadcast.left_moves() ? column : 0;
      const size_t right_column = broadcast.right_moves() ? column : 0;
      Out* y = output + i * broadcast.columns() + column;
      ApplyToRow(left + places.left + left_column, broadcast.left_moves(),
                 right + places.right + right_column, broadcast.right_moves(), y, columns,
                 function);
      finish(y, columns);
    });
  };
}

template <typename Function>
sotto::Result<Kernel> Real(const Call& call, Broadcast broadcast, ActivationRange activation,
                           Function function) {
  const bool active = std::isfinite(activation.min) || std::isfinite(activation.max);
  const bool fp16 = call.fp16();
  const auto finish = [=](float* y, size_t n) {
    if (active) {
      for (size_t i = 0; i < n; ++i) y[i] = activation(y[i]);
    }
    if (fp16) RoundToFloat16(y, y, n);
  };
  return Kernel{BinaryRun<float>(std::move(broadcast), function, finish), {}};
}

template <typename Function>
sotto::Result<Kernel> Truth(Broadcast broadcast, Function function) {
  return Kernel{BinaryRun<uint8_t>(std::move(broadcast), function, [](uint8_t*, size_t) {}), {}};
}

// `function(x, y, n)` over the whole tensor.
template <typename Function>
sotto::Result<Kernel> Unary(const Call& call, Function function) {
  const size_t count = call.outputs[0].elements;
  const bool fp16 = call.fp16();
  return Kernel{[=](const Buffers& buffers, Threads& threads) {
                  const float* x = buffers.in<float>(0);
                  float* y = buffers.out<float>();
                  ForPieces(threads, count, kElementsPiece,
                            [&](size_t begin, size_t end, Workspace&) {
                              function(x + begin, y + begin, end - begin);
                              if (fp16) RoundToFloat16(y + begin, y + begin, end - begin);
                            });
                },
                {}};
}

template <typename Function>
sotto::Result<Kernel> Each(const Call& call, Function function) {
  return Unary(call, [=](const float* x, float* y, size_t n) {
    for (size_t i = 0; i < n; ++i) y[i] = function(x[i]);
  });
}

bool AllFloat(const Call& call, size_t inputs) {
  return std::all_of(call.inputs.begin(), call.inputs.begin() + static_cast<ptrdiff_t>(inputs),
                     [](const Tensor& tensor) { return tensor.IsFloat(); });
}

}  // namespace

sotto::Result<Kernel> PrepareBinary(const Call& call) {
  if (!AllFloat(call, 2)) return Unsupported("integers without a scale are not computed");
  SOTTO_ASSIGN_OR_RETURN(Broadcast broadcast,
                         Broadcast::Of(call.inputs[0].dimensions, call.inputs[1].dimensions,
                                       call.outputs[0].dimensions));
  ActivationRange activation = {-INFINITY, INFINITY};
  if (call.code == kAdd || call.code == kSub || call.code == kMul || call.code == kDiv) {
    SOTTO_ASSIGN_OR_RETURN(activation, ActivationOf(call, 2));
  }
  switch (call.code) {
    case kAdd:
      return Real(call, broadcast, activation, [](float a, float b) { return a + b; });
    case kSub:
      return Real(call, broadcast, activation, [](float a, float b) { return a - b; });
    case kMul:
      return Real(call, broadcast, activation, [](float a, float b) { return a * b; });
    case kDiv:
      return Real(call, broadcast, activation, [](float a, float b) { return a / b; });
    case kMaximum:
      return Real(call, broadcast, activation, [](float a, float b) { return a < b ? b : a; });
    case kMinimum:
      return Real(call, broadcast, activation, [](float a, float b) { return b < a ? b : a; });
    case kPrelu:
      return Real(call, broadcast, activation,
                  [](float x, float slope) { return x >= 0 ? x : x * slope; });
    case kExtensionOperation:
      return Real(call, broadcast, activation, [](float a, float b) { return (a - b) * (a - b); });
    case kGreater:
      return Truth(broadcast, [](float a, float b) { return static_cast<uint8_t>(a > b); });
    case kLess:
      return Truth(broadcast, [](float a, float b) { return static_cast<uint8_t>(a < b); });
    default:
      return Unsupported("it is not of two operands");
  }
}

sotto::Result<Kernel> PrepareUnary(const Call& call) {
  if (!AllFloat(call, 1)) return Unsupported("integers without a scale are not computed");
  switch (call.code) {
    case kAbs:
      return Each(call, [](float x) { return std::fabs(x); });
    case kRelu:
      return Each(call, [](float x) { return x < 0 ? 0 : x; });
    case kSqrt:
      return Each(call, [](float x) { return std::sqrt(x); });
    case kRsqrt:
      return Each(call, [](float x) { return 1 / std::sqrt(x); });
    case kHardSwish:
      return Each(call, [](float x) {
        const float gate = x + 3;
        return x * (gate < 0 ? 0 : gate > 6 ? 6 : gate) / 6;
      });
    case kTanh:
      return Unary(call, Tanh);
    case kLogistic:
      return Unary(call, Logistic);
    case kGeluV2:
      if (call.arithmetic.gelu == Arithmetic::Gelu::kErf) return Unary(call, GeluErf);
      return Unary(call, GeluTanh);
    default:
      return Unsupported("it is not of one operand");
  }
}

}  // namespace sotto::neuron
