#include "platform/partial_file.h"

#include <fcntl.h>
#include <io.h>

#include <atomic>
#include <utility>

#include "platform/windows/wide.h"

namespace sotto {
namespace {

HANDLE HandleOf(const FileDescriptor& file) {
  return reinterpret_cast<HANDLE>(_get_osfhandle(file.number()));
}

// Letters that no other file of this process, nor of another one that runs, has after its stem.
std::string Letters() {
  static std::atomic<unsigned> next{0};
  return std::to_string(GetCurrentProcessId()) + "-" + std::to_string(GetTickCount64()) + "-" +
         std::to_string(next++);
}

}  // namespace

PartialFile::PartialFile(const std::string& stem) : path_(stem + Letters()) {
  // It may be renamed while it is open, and opened to be read, but nobody else writes or removes it
  // who doesn't ask for that: the handle is the lock.
  const HANDLE handle =
      CreateFileW(Wide(path_).c_str(), GENERIC_READ | GENERIC_WRITE | DELETE, FILE_SHARE_READ,
                  nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return;
  const int number = _open_osfhandle(reinterpret_cast<intptr_t>(handle), _O_BINARY);
  if (number < 0) CloseHandle(handle);
  writer_ = FileDescriptor(number);
}

PartialFile::~PartialFile() {
  if (!writer_.ok()) return;
  writer_ = FileDescriptor();
  DeleteFileW(Wide(path_).c_str());
}

bool PartialFile::Reserve(size_t size) {
  FILE_ALLOCATION_INFO room{};
  room.AllocationSize.QuadPart = static_cast<LONGLONG>(size);
  return SetFileInformationByHandle(HandleOf(writer_), FileAllocationInfo, &room, sizeof(room)) ||
         GetLastError() != ERROR_DISK_FULL;
}

FileDescriptor PartialFile::Keep(const std::string& path) {
  if (!FlushFileBuffers(HandleOf(writer_))) return {};
  // Windows does not rename what is open for writing.
  writer_ = FileDescriptor();
  if (!MoveFileExW(Wide(path_).c_str(), Wide(path).c_str(),
                   MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
    DeleteFileW(Wide(path_).c_str());
    return {};
  }
  return OpenNoLink(path);
}

// One that is written can't be removed: its handle doesn't share that.
void RemoveAbandoned(const std::string& path) { DeleteFileW(Wide(path).c_str()); }

void MarkUsed(const FileDescriptor& file) {
  FILETIME now{};
  GetSystemTimeAsFileTime(&now);
  // Through a handle of its own, as `file` may be open to be read alone.
  const HANDLE handle = ReOpenFile(HandleOf(file), FILE_WRITE_ATTRIBUTES,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
  if (handle == INVALID_HANDLE_VALUE) return;
  SetFileTime(handle, nullptr, nullptr, &now);
  CloseHandle(handle);
}

}  // namespace sotto
