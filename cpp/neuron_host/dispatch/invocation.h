#ifndef SOTTO_NEURON_HOST_INVOCATION_H_
#define SOTTO_NEURON_HOST_INVOCATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dispatch_abi.h"
#include "executor.h"
#include "network_reader.h"
#include "sotto/error.h"

namespace sotto::neuron {

// How a process's networks run, from its environment:
//   SOTTO_NPU_STORAGE  fp16, or fp32 to compare with a CPU
//   SOTTO_NPU_SUMS     fp32, or fp16
//   SOTTO_NPU_GELU     tanh, or erf
//   SOTTO_NPU_BUFFERS  device: memory that the host must lock, as on a phone; or host
//   SOTTO_NPU_THREADS  1 to 1024; as many as there are cores, 4 at most, unless set
struct DispatchSettings {
  Arithmetic arithmetic;
  bool device_buffers = true;
  int threads = 1;

  // kOption for a value that is none of these.
  static sotto::Result<DispatchSettings> FromEnvironment();
};

// A buffer that LiteRT registered.
struct RegisteredBuffer {
  LiteRtTensorBuffer buffer = nullptr;
  class DeviceMemory* memory = nullptr;  // null: of the host, which is locked to be used
  size_t bytes = 0;
};

// One partition of a model, and the buffers that it runs over.
class Invocation {
 public:
  // `bytecode` must outlive it. kModel, naming the partition, if it is no network of this library's
  // or takes another number of tensors.
  static sotto::Result<std::unique_ptr<Invocation>> Create(const LiteRtRuntimeContext* litert,
                                                           const DispatchSettings& settings,
                                                           const uint8_t* bytecode, size_t size,
                                                           const std::string& partition,
                                                           size_t inputs, size_t outputs);

  // What a buffer of an input or output must be; of an index that is not there, kModel.
  sotto::Result<LiteRtTensorBufferRequirements> Requirements(bool input, int index) const;

  // kModel if there is no such input or output, or the buffer is too small for it.
  sotto::Result<void> Attach(bool input, int index, const RegisteredBuffer* buffer);
  // LiteRT detaches a buffer after it attached the next: only this one is taken away.
  void Detach(bool input, int index, const RegisteredBuffer* buffer);

  // Runs over the attached buffers. The first run prepares the constants, as a model may have
  // windows that are never used.
  sotto::Result<void> Run();

 private:
  struct Port {
    size_t bytes = 0;
    const RegisteredBuffer* buffer = nullptr;
  };

  Invocation(const LiteRtRuntimeContext* litert, const DispatchSettings& settings)
      : litert_(litert), settings_(settings) {}

  Port* Find(bool input, int index);
  std::string PortName(bool input, int index) const;
  sotto::Result<void*> Address(const RegisteredBuffer& buffer, const std::string& what);

  const LiteRtRuntimeContext* litert_;
  const DispatchSettings settings_;
  std::string name_;
  std::vector<uint8_t> copied_;  // of bytecode that does not lie at a multiple of 4
  std::shared_ptr<const Network> network_;
  std::unique_ptr<Executor> executor_;
  std::vector<Port> inputs_, outputs_;
  std::vector<LiteRtTensorBuffer> locked_;  // while it runs
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_INVOCATION_H_
