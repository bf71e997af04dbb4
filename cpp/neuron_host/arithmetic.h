#ifndef SOTTO_NEURON_HOST_ARITHMETIC_H_
#define SOTTO_NEURON_HOST_ARITHMETIC_H_

namespace sotto::neuron {

// How the numbers of a float graph are stored and summed. Quantised tensors are integers whatever
// is chosen here.
//
// How a device orders its sums is not public. Products are of fp16 numbers, exactly; sums are in
// fp32 and rounded to fp16 once, or with Sums::kFloat16 rounded after every 32 products.
struct Arithmetic {
  enum class Storage {
    kFloat16,  // every tensor is rounded to nearest, ties to even; beyond 65504 is infinite
    kFloat32,  // to compare with a CPU
  } storage = Storage::kFloat16;
  enum class Sums { kFloat32, kFloat16 } sums = Sums::kFloat32;  // of matrix products in fp16
  enum class Gelu { kTanh, kErf } gelu = Gelu::kTanh;            // the NPU's is the tanh form
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_ARITHMETIC_H_
