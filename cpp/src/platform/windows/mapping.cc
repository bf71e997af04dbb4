#include "platform/mapping.h"

#include <io.h>

#include "platform/windows/wide.h"

namespace sotto {
namespace {

const SYSTEM_INFO& System() {
  static const SYSTEM_INFO info = [] {
    SYSTEM_INFO found{};
    GetSystemInfo(&found);
    return found;
  }();
  return info;
}

}  // namespace

Mapping MapBytes(int descriptor, uint64_t offset, size_t length) {
  const uint64_t skipped = offset % System().dwAllocationGranularity;
  const uint64_t begin = offset - skipped;
  const HANDLE section = CreateFileMappingW(reinterpret_cast<HANDLE>(_get_osfhandle(descriptor)),
                                            nullptr, PAGE_READONLY, 0, 0, nullptr);
  if (section == nullptr) return {};
  const void* map = MapViewOfFile(section, FILE_MAP_READ, static_cast<DWORD>(begin >> 32),
                                  static_cast<DWORD>(begin), static_cast<size_t>(length + skipped));
  const DWORD fault = GetLastError();
  CloseHandle(section);  // the view keeps it
  if (map == nullptr) {
    SetLastError(fault);
    return {};
  }
  return {static_cast<const uint8_t*>(map) + skipped,
          {map, [](const void* mapped) { UnmapViewOfFile(mapped); }}};
}

void ReleasePages(const uint8_t* data, size_t size) {
  const uintptr_t page = System().dwPageSize;
  const auto address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (address + page - 1) / page * page;
  const uintptr_t last = (address + size) / page * page;
  // Unlocking what is not locked takes it out of the working set, and is reported as a failure.
  if (first < last) VirtualUnlock(reinterpret_cast<void*>(first), last - first);
}

}  // namespace sotto
