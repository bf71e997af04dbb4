// Bytes of files in memory, which the system reads when they are touched.

#ifndef SOTTO_SRC_PLATFORM_MAPPING_H_
#define SOTTO_SRC_PLATFORM_MAPPING_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sotto {

// Read-only bytes, and what keeps them there.
struct Mapping {
  const uint8_t* data = nullptr;  // null: it can't be mapped, and SystemFault() says why
  std::shared_ptr<const void> owner;
};

// `length` bytes, more than none, from `offset` on, which are inside the file. They stay when the
// descriptor is closed.
Mapping MapBytes(int descriptor, uint64_t offset, size_t length);

// Lets the system take back the memory of mapped bytes until they are read again.
void ReleasePages(const uint8_t* data, size_t size);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_MAPPING_H_
