#ifndef SOTTO_NEURON_HOST_DEVICE_MEMORY_H_
#define SOTTO_NEURON_HOST_DEVICE_MEMORY_H_

#include <cstddef>
#include <memory>

#include "dispatch_abi.h"

namespace sotto::neuron {

// LiteRT's number for this kind of buffer, one of those that are a dispatch library's to give.
constexpr int kDeviceMemoryType = kLiteRtTensorBufferTypeUserCustom + 50;

// Memory as an NPU has it: a phone's takes Android's hardware buffers or DMA buffers, which the
// host may touch only between a lock and an unlock. Here one memory is mapped twice, and the host's
// mapping is closed unless it is locked, so that whoever forgets to lock ends with a fault, and not
// only on a phone with stale numbers.
class DeviceMemory {
 public:
  // Null if there is no memory.
  static std::unique_ptr<DeviceMemory> Create(size_t bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  size_t bytes() const { return bytes_; }
  void* device() const { return device_; }
  bool locked() const { return locks_ > 0; }

  // The host's address, null if it can't be opened. Locks count.
  void* Lock();
  bool Unlock();

  // What LiteRT calls.
  static const LiteRtCustomTensorBufferHandlersDef& Handlers();

 private:
  DeviceMemory() = default;

  HwMemoryInfo info_{};
  size_t bytes_ = 0;
  size_t mapped_ = 0;
  void* device_ = nullptr;
  void* host_ = nullptr;
  int locks_ = 0;

  friend struct DeviceMemoryHandlers;
};

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_DEVICE_MEMORY_H_
