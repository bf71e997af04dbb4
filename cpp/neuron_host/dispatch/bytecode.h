#ifndef SOTTO_NEURON_HOST_BYTECODE_H_
#define SOTTO_NEURON_HOST_BYTECODE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "sotto/error.h"

namespace sotto::neuron {

// Bytes of one compiled partition, inside the bytecode that they were found in.
struct CompiledPartition {
  const uint8_t* bytes = nullptr;
  size_t size = 0;
};

// The partition `name` of the bytecode that LiteRT's MediaTek plugin appends to a model: a
// flatbuffer with a table of names and of what Neuron compiled (litert/vendors/mediatek/schema/
// neuron_schema.fbs). kModel if the bytecode is something else, is damaged or has no such
// partition. Nothing outside `bytes` is read, whatever they hold.
sotto::Result<CompiledPartition> FindPartition(const uint8_t* bytes, size_t size,
                                               const std::string& name);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_BYTECODE_H_
