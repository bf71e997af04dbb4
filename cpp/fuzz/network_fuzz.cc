// Graphs that Sotto's stand-in for an NPU recorded: what is read can be run.

#include <cstdlib>
#include <vector>

#include "checked_message.h"
#include "executor.h"
#include "network_reader.h"

namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;  // of inputs and outputs that are still run

// Adds a buffer of each size; false if they are too large for a fuzzer.
template <typename SizeOf>
bool Allocate(size_t count, SizeOf size_of, std::vector<std::vector<uint8_t>>* buffers) {
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    total += size_of(i);
    if (total > kMaxBytes) return false;
    buffers->emplace_back(size_of(i), uint8_t{60});
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto network = sotto::neuron::Network::Read(data, size, "network");
  if (!sotto::Accepted(network)) return 0;
  const auto executor = sotto::neuron::Executor::Create(*network, {}, 1);
  if (!executor.ok()) return 0;
  std::vector<std::vector<uint8_t>> given, taken;
  if (!Allocate((*network)->inputs().size(), [&](size_t i) { return (*executor)->input_bytes(i); },
                &given) ||
      !Allocate((*network)->outputs().size(),
                [&](size_t i) { return (*executor)->output_bytes(i); }, &taken)) {
    return 0;
  }
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (auto& buffer : given) inputs.push_back(buffer.data());
  for (auto& buffer : taken) outputs.push_back(buffer.data());
  if (!(*executor)->Run(inputs, outputs).ok()) std::abort();
  return 0;
}
