#include "device_memory.h"

#include <doctest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace sotto::neuron {
namespace {

// How this process may use the page at an address, such as "rw-s".
std::string AccessTo(const void* address) {
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string access;
    words >> std::hex >> begin >> dash >> end >> access;
    if (wanted >= begin && wanted < end) return access;
  }
  return "";
}

}  // namespace

TEST_CASE("What the host writes under a lock is what the device reads") {
  const auto memory = DeviceMemory::Create(100);
  REQUIRE(memory != nullptr);
  CHECK(memory->bytes() == 100);
  void* host = memory->Lock();
  REQUIRE(host != nullptr);
  CHECK(host != memory->device());
  std::memset(host, 7, 100);
  CHECK(memory->Unlock());
  CHECK(static_cast<const char*>(memory->device())[99] == 7);
}

TEST_CASE("The host has no access without a lock") {
  const auto memory = DeviceMemory::Create(100);
  REQUIRE(memory != nullptr);
  void* host = memory->Lock();
  CHECK(AccessTo(host).substr(0, 2) == "rw");
  CHECK(memory->Lock() == host);
  CHECK(memory->Unlock());
  CHECK(memory->locked());
  CHECK(memory->Unlock());
  CHECK_FALSE(memory->locked());
  CHECK(AccessTo(host).substr(0, 2) == "--");
}

TEST_CASE("What was not locked can't be unlocked") {
  const auto memory = DeviceMemory::Create(1);
  REQUIRE(memory != nullptr);
  CHECK_FALSE(memory->Unlock());
}

TEST_CASE("LiteRT's calls make, lock, unlock and free such memory") {
  const LiteRtCustomTensorBufferHandlersDef& handlers = DeviceMemory::Handlers();
  CHECK(handlers.supported_buffer_types[0] == kDeviceMemoryType);
  HwMemoryInfo* info = nullptr;
  REQUIRE(handlers.create(nullptr, nullptr, nullptr, kDeviceMemoryType, 8, 8, &info) ==
          kLiteRtStatusOk);
  void* host = nullptr;
  CHECK(handlers.lock(info, kLiteRtTensorBufferLockModeReadWrite, &host) == kLiteRtStatusOk);
  CHECK(host != nullptr);
  CHECK(handlers.unlock(info) == kLiteRtStatusOk);
  CHECK(handlers.unlock(info) != kLiteRtStatusOk);
  CHECK(handlers.destroy(info) == kLiteRtStatusOk);
}

}  // namespace sotto::neuron
