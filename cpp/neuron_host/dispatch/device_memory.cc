#include "device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace sotto::neuron {
namespace {

// XNNPACK may read a little past the end of what a graph on the CPU is given.
constexpr size_t kReadAhead = 64;

size_t WholePages(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + kReadAhead + page - 1) / page * page;
}

}  // namespace

std::unique_ptr<DeviceMemory> DeviceMemory::Create(size_t bytes) {
  std::unique_ptr<DeviceMemory> memory(new (std::nothrow) DeviceMemory);
  const int file = memory == nullptr ? -1 : memfd_create("sotto npu buffer", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  memory->info_.memory_handle = memory.get();
  memory->bytes_ = bytes;
  memory->mapped_ = WholePages(bytes);
  if (ftruncate(file, static_cast<off_t>(memory->mapped_)) == 0) {
    const auto map = [&](int access) {
      void* at = mmap(nullptr, memory->mapped_, access, MAP_SHARED, file, 0);
      return at == MAP_FAILED ? nullptr : at;
    };
    memory->device_ = map(PROT_READ | PROT_WRITE);
    memory->host_ = map(PROT_NONE);
  }
  close(file);
  if (memory->device_ == nullptr || memory->host_ == nullptr) return nullptr;
  return memory;
}

DeviceMemory::~DeviceMemory() {
  if (device_ != nullptr) munmap(device_, mapped_);
  if (host_ != nullptr) munmap(host_, mapped_);
}

void* DeviceMemory::Lock() {
  if (locks_ == 0 && mprotect(host_, mapped_, PROT_READ | PROT_WRITE) != 0) return nullptr;
  ++locks_;
  return host_;
}

bool DeviceMemory::Unlock() {
  if (locks_ == 0) return false;
  --locks_;
  return locks_ > 0 || mprotect(host_, mapped_, PROT_NONE) == 0;
}

struct DeviceMemoryHandlers {
  static LiteRtStatus Create(void*, void*, const LiteRtRankedTensorType*, int, size_t bytes, size_t,
                             HwMemoryInfo** info) {
    std::unique_ptr<DeviceMemory> memory = DeviceMemory::Create(bytes);
    if (memory == nullptr) return kOutOfMemory;
    *info = &memory.release()->info_;
    return kLiteRtStatusOk;
  }

  static LiteRtStatus Destroy(HwMemoryInfo* info) {
    delete static_cast<DeviceMemory*>(info->memory_handle);
    return kLiteRtStatusOk;
  }

  static LiteRtStatus Lock(HwMemoryInfo* info, int, void** host) {
    *host = static_cast<DeviceMemory*>(info->memory_handle)->Lock();
    return *host != nullptr ? kLiteRtStatusOk : kRuntimeFailure;
  }

  static LiteRtStatus Unlock(HwMemoryInfo* info) {
    const bool done = static_cast<DeviceMemory*>(info->memory_handle)->Unlock();
    return done ? kLiteRtStatusOk : kRuntimeFailure;
  }
};

const LiteRtCustomTensorBufferHandlersDef& DeviceMemory::Handlers() {
  static const LiteRtCustomTensorBufferHandlersDef kHandlers = {
      {sizeof(LiteRtCustomTensorBufferHandlersDef), 1, 0, 0},
      DeviceMemoryHandlers::Create,
      DeviceMemoryHandlers::Destroy,
      DeviceMemoryHandlers::Lock,
      DeviceMemoryHandlers::Unlock,
      nullptr,
      nullptr,
      kLiteRtEnvOptionTagNull,
      kLiteRtEnvOptionTagNull,
      1,
      {kDeviceMemoryType},
  };
  return kHandlers;
}

}  // namespace sotto::neuron
