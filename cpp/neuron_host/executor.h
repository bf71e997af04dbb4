#ifndef SOTTO_NEURON_HOST_EXECUTOR_H_
#define SOTTO_NEURON_HOST_EXECUTOR_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "arithmetic.h"
#include "network_reader.h"
#include "sotto/error.h"

namespace sotto::neuron {

// A tensor while a graph runs.
struct TensorView {
  const Operand& operand;  // its type, dimensions and quantisation
  const void* data;        // elements of that type; float ones are float32 whatever is stored
};

// Runs a recorded graph in the arithmetic of an NPU, as far as it is public, on the CPU.
//
// One run at a time; several executors may share a network.
class Executor {
 public:
  // Called after each operation, in their order, with its outputs, which are gone after the call.
  using Watch = std::function<void(size_t operation, const std::vector<TensorView>& outputs)>;

  // Prepares the constants and the memory. kModel for an operation, or types of it, that is not
  // computed, and for a graph that needs more than 8 GiB at once. `threads` is 1 or more.
  static sotto::Result<std::unique_ptr<Executor>> Create(std::shared_ptr<const Network> network,
                                                         const Arithmetic& arithmetic, int threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Network& network() const;

  // Of the caller's buffers, whose elements are of the types that the operands declare.
  size_t input_bytes(size_t i) const;
  size_t output_bytes(size_t i) const;

  // Buffers in the network's order, each of as many bytes as above. kModel if they are not as many.
  sotto::Result<void> Run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                          const Watch& watch = nullptr);

 private:
  class Plan;

  explicit Executor(std::unique_ptr<Plan> plan);

  std::unique_ptr<Plan> plan_;
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_EXECUTOR_H_
