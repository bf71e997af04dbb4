#ifndef SOTTO_NEURON_HOST_MODEL_H_
#define SOTTO_NEURON_HOST_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "codes.h"

namespace sotto::neuron {

// A tensor or a scalar of a model.
struct Operand {
  Operand() = default;
  Operand(Operand&&) = default;
  Operand& operator=(Operand&&) = default;
  Operand(const Operand&) = delete;  // `value` may point into `copied`
  Operand& operator=(const Operand&) = delete;

  int32_t type = 0;
  std::vector<uint32_t> dimensions;  // empty for a scalar
  float scale = 0;
  int32_t zero_point = 0;
  uint32_t channel = 0;  // dimension of `scales`
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  std::vector<uint8_t> copied;  // a value of at most 128 bytes, which NNAPI copies at once
  const void* value = nullptr;  // of a constant; a larger one is the caller's
  size_t bytes = 0;             // of `value`
  bool IsConstant() const { return value != nullptr; }
};

struct Operation {
  int32_t code = 0;
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> outputs;
  std::string refusal;  // why the contracts forbid it; empty if they do not
};

// A graph as the plugin's legalisations describe it, and what the contracts say of it.
//
// Calls that NNAPI forbids whatever an operation is (an index that is not there, a value of the
// wrong size, a graph that is not in order) fail at once. An operation that breaks its own contract
// is kept with the reason: a query for supported operations says which those are, and a compilation
// fails with their names.
class Model {
 public:
  int AddOperand(const NeuronOperandType& type);
  int SetValue(int32_t index, const void* value, size_t bytes);
  int SetChannelScales(int32_t index, const NeuronPerChannelQuantParams& parameters);
  int AddOperation(int32_t code, uint32_t inputs, const uint32_t* input, uint32_t outputs,
                   const uint32_t* output);
  int SetInputsAndOutputs(uint32_t inputs, const uint32_t* input, uint32_t outputs,
                          const uint32_t* output);
  int Finish();

  void set_name(const char* name) { name_ = name; }
  void set_relaxed(bool relaxed) { relaxed_ = relaxed; }

  const std::string& name() const { return name_; }
  bool relaxed() const { return relaxed_; }  // fp32 may be computed as fp16
  bool finished() const { return finished_; }
  const std::vector<Operand>& operands() const { return operands_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const std::vector<uint32_t>& inputs() const { return inputs_; }
  const std::vector<uint32_t>& outputs() const { return outputs_; }
  const std::string& error() const { return error_; }  // of the call that failed last

 private:
  int Fail(int result, std::string message);
  int CheckIndices(const char* what, uint32_t count, const uint32_t* indices);

  std::string name_, error_;
  bool relaxed_ = false, finished_ = false;
  std::vector<Operand> operands_;
  std::vector<Operation> operations_;
  std::vector<uint32_t> inputs_, outputs_;
};

// Bytes of one element; 0 for a type that this library does not know.
size_t ElementBytes(int32_t type);
bool IsScalar(int32_t type);
// Elements of a tensor, 1 of a scalar; 0 where they do not fit 32 bits.
size_t ElementCount(const Operand& operand);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_MODEL_H_
