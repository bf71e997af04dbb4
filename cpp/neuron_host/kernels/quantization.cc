#include "kernels/quantization.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/vector_math.h"

namespace sotto::neuron {
namespace {

// Elements of a task: each reads and writes a few bytes.
constexpr size_t kPiece = 4 * kElementsPiece;

float ChannelScale(const Tensor& tensor, size_t element) {
  size_t inner = 1;
  for (size_t d = tensor.channel + 1; d < tensor.dimensions.size(); ++d) {
    inner *= tensor.dimensions[d];
  }
  return tensor.scales[element / inner % tensor.scales.size()];
}

bool HasOneScale(const Tensor& tensor) { return tensor.IsQuantized() && tensor.scales.empty(); }

sotto::Error NoSuchTypes(const Call& call) {
  return Unsupported("from type " + std::to_string(call.inputs[0].type) + " to type " +
                     std::to_string(call.outputs[0].type) + " is not computed");
}

// A tensor as its numbers; those of a constant are kept in `values`.
struct Numbers {
  Tensor tensor;
  std::shared_ptr<std::vector<float>> values;
};

Numbers NumbersOf(const Tensor& quantized) {
  Numbers numbers;
  numbers.tensor.type = kTensorFloat32;
  numbers.tensor.dimensions = quantized.dimensions;
  numbers.tensor.elements = quantized.elements;
  if (quantized.value != nullptr) {
    numbers.values = std::make_shared<std::vector<float>>(quantized.elements);
    ToFloats(quantized, quantized.value, 0, quantized.elements, numbers.values->data());
    numbers.tensor.value = numbers.values->data();
  }
  return numbers;
}

// A bias counts in the scale of the products that it is added to.
Tensor WithScaleOfProducts(const Tensor& bias, const Tensor& input, const Tensor& weights) {
  Tensor scaled = bias;
  scaled.channel = 0;
  scaled.scales.clear();
  const std::vector<float> one = {weights.scale};
  for (const float scale : weights.scales.empty() ? one : weights.scales) {
    scaled.scales.push_back(input.scale * scale);
  }
  return scaled;
}

bool IsConvolution(int32_t code) {
  return code == kDepthwiseConv2d || code == kTransposeConv2d || code == kConv2d;
}

bool IsBias(const Call& call, size_t input) {
  return input == 2 && IsConvolution(call.code) &&
         (call.inputs[2].type == kTensorInt32 || call.inputs[2].type == kTensorInt32SymmPerChannel);
}

}  // namespace

void ToFloats(const Tensor& tensor, const void* elements, size_t begin, size_t end, float* y) {
  const size_t n = end - begin;
  const float scale = tensor.scale, zero_point = static_cast<float>(tensor.zero_point);
  if (!tensor.scales.empty()) {  // symmetric: int8 weights, int32 biases
    const bool wide = tensor.ElementBytes() == sizeof(int32_t);
    for (size_t i = begin; i < end; ++i) {
      const auto integer = wide ? static_cast<const int32_t*>(elements)[i]
                                : int32_t{static_cast<const int8_t*>(elements)[i]};
      y[i - begin] = static_cast<float>(integer) * ChannelScale(tensor, i);
    }
  } else if (tensor.type == kTensorQuant8Asymm) {
    Dequantize(static_cast<const uint8_t*>(elements) + begin, y, n, scale, zero_point);
  } else if (tensor.type == kTensorQuant16Symm) {
    Dequantize(static_cast<const int16_t*>(elements) + begin, y, n, scale, zero_point);
  } else {
    Dequantize(static_cast<const int8_t*>(elements) + begin, y, n, scale, zero_point);
  }
}

void FromFloats(const Tensor& tensor, const float* x, size_t begin, size_t end, void* elements) {
  const size_t n = end - begin;
  const float scale = tensor.scale, zero_point = static_cast<float>(tensor.zero_point);
  if (tensor.type == kTensorQuant8Asymm) {
    Quantize(x, static_cast<uint8_t*>(elements) + begin, n, scale, zero_point, 0, 255);
  } else if (tensor.type == kTensorQuant16Symm) {
    Quantize(x, static_cast<int16_t*>(elements) + begin, n, scale, zero_point, -32768, 32767);
  } else {
    Quantize(x, static_cast<int8_t*>(elements) + begin, n, scale, zero_point, -128, 127);
  }
}

sotto::Result<Kernel> PrepareQuantize(const Call& call) {
  const Tensor input = call.inputs[0], output = call.outputs[0];
  if (!HasOneScale(output) || !(input.IsFloat() || HasOneScale(input))) return NoSuchTypes(call);
  return Kernel{[=](const Buffers& buffers, Threads& threads) {
                  ForPieces(threads, output.elements, kPiece,
                            [&](size_t begin, size_t end, Workspace& workspace) {
                              const float* numbers = buffers.in<float>(0) + begin;
                              if (!input.IsFloat()) {
                                float* y = workspace.patches.Get<float>(end - begin);
                                ToFloats(input, buffers.inputs[0], begin, end, y);
                                numbers = y;
                              }
                              FromFloats(output, numbers, begin, end, buffers.outputs[0]);
                            });
                },
                {}};
}

sotto::Result<Kernel> PrepareDequantize(const Call& call) {
  const Tensor input = call.inputs[0], output = call.outputs[0];
  if (!input.IsQuantized() || !output.IsFloat()) return NoSuchTypes(call);
  const bool fp16 = call.fp16();
  return Kernel{[=](const Buffers& buffers, Threads& threads) {
                  ForPieces(threads, output.elements, kPiece,
                            [&](size_t begin, size_t end, Workspace&) {
                              float* y = buffers.out<float>() + begin;
                              ToFloats(input, buffers.inputs[0], begin, end, y);
                              if (fp16) RoundToFloat16(y, y, end - begin);
                            });
                },
                {}};
}

// Between floats, int32 and booleans. A float that no int32 is becomes the nearest, or 0.
sotto::Result<Kernel> PrepareCast(const Call& call) {
  const Tensor input = call.inputs[0], output = call.outputs[0];
  const auto known = [](const Tensor& tensor) {
    return tensor.IsFloat() || tensor.type == kTensorInt32 || tensor.type == kTensorBool8;
  };
  if (!known(input) || !known(output)) return NoSuchTypes(call);
  const bool fp16 = call.fp16();
  const auto read = [=](const Buffers& buffers, size_t i) -> double {
    if (input.IsFloat()) return buffers.in<float>(0)[i];
    if (input.type == kTensorInt32) return buffers.in<int32_t>(0)[i];
    return buffers.in<uint8_t>(0)[i] != 0 ? 1 : 0;
  };
  return Kernel{[=](const Buffers& buffers, Threads&) {
                  for (size_t i = 0; i < output.elements; ++i) {
                    const double x = read(buffers, i);
                    if (output.IsFloat()) {
                      buffers.out<float>()[i] = static_cast<float>(x);
                    } else if (output.type == kTensorInt32) {
                      const double whole = std::isnan(x) ? 0 : std::trunc(x);
                      buffers.out<int32_t>()[i] =
                          static_cast<int32_t>(std::clamp(whole, -2147483648.0, 2147483647.0));
                    } else {
                      buffers.out<uint8_t>()[i] = x != 0;
                    }
                  }
                  if (fp16 && output.IsFloat()) {
                    RoundToFloat16(buffers.out<float>(), buffers.out<float>(), output.elements);
                  }
                },
                {}};
}

sotto::Result<Kernel> PrepareInFloats(const Call& call, Prepare prepare) {
  Call real = call;
  real.arithmetic.storage = Arithmetic::Storage::kFloat32;
  std::vector<Tensor> from = call.inputs, to = call.outputs;
  std::vector<std::shared_ptr<std::vector<float>>> constants(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    if (IsBias(call, i)) from[i] = WithScaleOfProducts(from[i], from[0], from[1]);
    if (!from[i].IsQuantized() && from[i].scales.empty()) continue;
    const Numbers numbers = NumbersOf(from[i]);
    real.inputs[i] = numbers.tensor;
    constants[i] = numbers.values;
  }
  for (size_t i = 0; i < to.size(); ++i) {
    if (!to[i].IsQuantized()) continue;
    if (!HasOneScale(to[i])) return NoSuchTypes(call);
    real.outputs[i] = NumbersOf(to[i]).tensor;
  }
  SOTTO_ASSIGN_OR_RETURN(Kernel kernel, prepare(real));
  const std::vector<Tensor> inputs = real.inputs, outputs = real.outputs;
  Run run = [=, inner = std::move(kernel.run)](const Buffers& buffers, Threads& threads) {
    Buffers numbers = buffers;
    size_t scratch = 0;
    for (size_t i = 0; i < from.size(); ++i) {
      if (constants[i] != nullptr) numbers.inputs[i] = constants[i]->data();
      if (inputs[i].type == from[i].type || constants[i] != nullptr) continue;
      float* y = threads.scratch(scratch++).Get<float>(from[i].elements);
      numbers.inputs[i] = y;
      ForPieces(threads, from[i].elements, kPiece, [&](size_t begin, size_t end, Workspace&) {
        ToFloats(from[i], buffers.inputs[i], begin, end, y + begin);
      });
    }
    for (size_t i = 0; i < to.size(); ++i) {
      if (outputs[i].type == to[i].type) continue;
      numbers.outputs[i] = threads.scratch(scratch++).Get<float>(to[i].elements);
    }
    inner(numbers, threads);
    for (size_t i = 0; i < to.size(); ++i) {
      if (outputs[i].type == to[i].type) continue;
      const auto* x = static_cast<const float*>(numbers.outputs[i]);
      ForPieces(threads, to[i].elements, kPiece, [&](size_t begin, size_t end, Workspace&) {
        FromFloats(to[i], x + begin, begin, end, buffers.outputs[i]);
      });
    }
  };
  kernel.run = std::move(run);
  for (size_t i = 0; i < constants.size(); ++i) {
    if (constants[i] != nullptr) kernel.packed.push_back(i);
  }
  return kernel;
}

}  // namespace sotto::neuron
