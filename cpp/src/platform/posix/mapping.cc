#include "platform/mapping.h"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

namespace sotto {
namespace {

uint64_t PageSize() {
  static const auto size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

Mapping MapBytes(int descriptor, uint64_t offset, size_t length) {
  const uint64_t skipped = offset % PageSize();
  const auto size = static_cast<size_t>(length + skipped);
  void* map =
      mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off_t>(offset - skipped));
  if (map == MAP_FAILED) return {};
  return {static_cast<const uint8_t*>(map) + skipped,
          {map, [size](const void* mapped) { munmap(const_cast<void*>(mapped), size); }}};
}

void ReleasePages(const uint8_t* data, size_t size) {
  // Whole pages alone: what is beside them may be another file's.
  const uint64_t page = PageSize();
  const auto address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (address + page - 1) / page * page;
  const uintptr_t last = (address + size) / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace sotto
