// What all kernels have in common: the operation that they are prepared for, and what runs.

#ifndef SOTTO_NEURON_HOST_KERNELS_KERNEL_H_
#define SOTTO_NEURON_HOST_KERNELS_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "arithmetic.h"
#include "codes.h"
#include "sotto/error.h"
#include "threads.h"

namespace sotto::neuron {

using Dimensions = std::vector<uint32_t>;

// An operand as a kernel is prepared for it. Elements of float tensors, whatever the type that was
// declared, are float32 when a kernel sees them, in a constant as in a computed tensor.
struct Tensor {
  int32_t type = 0;
  Dimensions dimensions;  // empty for a scalar
  size_t elements = 1;
  float scale = 0;
  int32_t zero_point = 0;
  uint32_t channel = 0;  // dimension of `scales`
  std::vector<float> scales;
  const void* value = nullptr;  // of a constant, as it is stored; aligned for its type

  bool IsQuantized() const;  // of int8, uint8 or int16, by one scale or one a channel
  bool IsFloat() const;
  size_t ElementBytes() const;
};

struct Operand;
Tensor TensorOf(const Operand& operand);  // without a value

// One operation. Its operands keep the contract (contracts.h).
struct Call {
  int32_t code;
  std::vector<Tensor> inputs, outputs;
  Arithmetic arithmetic;

  bool fp16() const { return arithmetic.storage == Arithmetic::Storage::kFloat16; }
};

// Elements of an operation's operands, in its order; constants are there, too.
struct Buffers {
  std::vector<const void*> inputs;
  std::vector<void*> outputs;

  template <typename T>
  const T* in(size_t i) const {
    return static_cast<const T*>(inputs[i]);
  }
  template <typename T>
  T* out(size_t i = 0) const {
    return static_cast<T*>(outputs[i]);
  }
};

// Computes one operation. Float outputs are rounded to fp16 where that is the storage.
using Run = std::function<void(const Buffers& buffers, Threads& threads)>;

struct Kernel {
  Run run;
  std::vector<size_t> packed;  // constant inputs that `run` has its own copy of
};

// Prepares the kernel of an operation; kModel for what is not computed. The message goes on from
// the operation's name.
sotto::Result<Kernel> PrepareKernel(const Call& call);

// Constant scalars and integers among an operation's inputs; kModel where they are not.
sotto::Result<int32_t> IntOf(const Call& call, size_t input);
sotto::Result<float> FloatOf(const Call& call, size_t input);
sotto::Result<bool> BoolOf(const Call& call, size_t input);
sotto::Result<std::vector<int32_t>> IntsOf(const Call& call, size_t input);

sotto::Error Unsupported(const std::string& what);

// The least and the greatest of NNAPI's fused activations.
struct ActivationRange {
  float min, max;
  float operator()(float x) const { return x < min ? min : x > max ? max : x; }
};
sotto::Result<ActivationRange> ActivationOf(const Call& call, size_t input);

// Elements that one task of an elementwise loop takes: they stay in the first cache.
constexpr size_t kElementsPiece = 4096;

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_KERNELS_KERNEL_H_
