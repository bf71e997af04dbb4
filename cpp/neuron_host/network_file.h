#ifndef SOTTO_NEURON_HOST_NETWORK_FILE_H_
#define SOTTO_NEURON_HOST_NETWORK_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model.h"

namespace sotto::neuron {

constexpr char kNetworkMagic[] = "SOTTONET";
constexpr uint32_t kNetworkVersion = 1;
constexpr size_t kNetworkHeader = 16;  // bytes before the JSON

// What stands for a compiled network: the legalised graph itself, not code for any silicon.
//
//   bytes 0-7    "SOTTONET"
//   bytes 8-11   version, 1, little-endian
//   bytes 12-15  n, the length of the JSON
//   bytes 16-    the JSON, padded with spaces so that what follows begins at a multiple of 64
//   then         the constants, each at a multiple of 64
//
// The JSON has "library", "soc", "name", "relaxed", "inputs", "outputs" (operand indices),
// "operands" (each "type", "dimensions", "scale", "zero_point", for channels "channel", "scales"
// and "zero_points", and for constants "value": [offset behind the JSON, bytes]) and "operations"
// (each "code", "name", "inputs", "outputs").
std::vector<uint8_t> NetworkFile(const Model& model, const std::string& soc);

// A line of JSON: "soc", "graph", "operands" and "operations", each "name" and, where the contracts
// forbid it, "refusal".
std::string Report(const Model& model, const std::string& soc);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_NETWORK_FILE_H_
