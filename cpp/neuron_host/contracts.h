#ifndef SOTTO_NEURON_HOST_CONTRACTS_H_
#define SOTTO_NEURON_HOST_CONTRACTS_H_

#include <string>
#include <vector>

#include "model.h"

namespace sotto::neuron {

// Such as FULLY_CONNECTED; "operation 7" for one without a contract here.
std::string OperationName(int32_t code);

// Why NNAPI's contract of an operation forbids it: counts, types, ranks, quantisation, constants
// and shapes of its operands. Empty where it is allowed. The indices must be those of `operands`.
//
// The contracts are those of NeuralNetworks.h (feature level 6) with two differences that the
// plugin relies on: FULLY_CONNECTED may give more than two dimensions, axes may be negative, and
// SPLIT's may be a tensor. A constant beyond fp16 is refused as well, since the plugin relaxes fp32
// to it.
std::string Refusal(const std::vector<Operand>& operands, const Operation& operation);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_CONTRACTS_H_
