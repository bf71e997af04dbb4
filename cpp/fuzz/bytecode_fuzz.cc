// What a compiler for NPUs put behind a model: a partition lies inside it.

#include <cstdlib>

#include "bytecode.h"
#include "checked_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto partition = sotto::neuron::FindPartition(data, size, "Partition_0");
  if (!sotto::Accepted(partition)) return 0;
  const uint8_t* begin = partition->bytes;
  if (begin < data || partition->size > size || begin + partition->size > data + size) std::abort();
  return 0;
}
