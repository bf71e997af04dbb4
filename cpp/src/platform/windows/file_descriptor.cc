#include "platform/file_descriptor.h"

#include <fcntl.h>
#include <io.h>

#include <algorithm>

#include "platform/windows/wide.h"

namespace sotto {
namespace {

// Others may read, write and rename a file that is open here, as they may on POSIX.
constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr size_t kPiece = size_t{1} << 30;  // a call's size is a DWORD

HANDLE HandleOf(int descriptor) {
  return descriptor < 0 ? INVALID_HANDLE_VALUE
                        : reinterpret_cast<HANDLE>(_get_osfhandle(descriptor));
}

FileDescriptor Open(const std::string& path, DWORD shared, DWORD flags) {
  const HANDLE handle = CreateFileW(Wide(path).c_str(), GENERIC_READ, shared, nullptr,
                                    OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | flags, nullptr);
  if (handle == INVALID_HANDLE_VALUE) return {};
  const int number = _open_osfhandle(reinterpret_cast<intptr_t>(handle), _O_RDONLY | _O_BINARY);
  if (number < 0) CloseHandle(handle);
  return FileDescriptor(number);
}

uint64_t Joined(DWORD high, DWORD low) { return uint64_t{high} << 32 | low; }

std::optional<FileStatus> StatusOfHandle(HANDLE handle) {
  if (handle == INVALID_HANDLE_VALUE) return std::nullopt;
  if (GetFileType(handle) != FILE_TYPE_DISK) return FileStatus{};
  BY_HANDLE_FILE_INFORMATION found{};
  if (!GetFileInformationByHandle(handle, &found)) return std::nullopt;
  const bool folder = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  return FileStatus{folder ? FileStatus::Kind::kFolder : FileStatus::Kind::kRegular,
                    Joined(found.nFileSizeHigh, found.nFileSizeLow),
                    static_cast<int64_t>(Joined(found.ftLastWriteTime.dwHighDateTime,
                                                found.ftLastWriteTime.dwLowDateTime))};
}

}  // namespace

std::optional<FileStatus> StatusOf(int descriptor) { return StatusOfHandle(HandleOf(descriptor)); }

std::optional<FileStatus> StatusOf(const std::string& path) {
  // A handle of a folder needs the flag, and of nothing else minds it.
  const FileDescriptor file = Open(path, kShared, FILE_FLAG_BACKUP_SEMANTICS);
  return StatusOfHandle(HandleOf(file.number()));
}

void FileDescriptor::Close(int number) { _close(number); }

bool FileDescriptor::Is(int other) const {
  BY_HANDLE_FILE_INFORMATION mine{}, its{};
  return GetFileInformationByHandle(HandleOf(number_), &mine) &&
         GetFileInformationByHandle(HandleOf(other), &its) &&
         mine.dwVolumeSerialNumber == its.dwVolumeSerialNumber &&
         mine.nFileIndexHigh == its.nFileIndexHigh && mine.nFileIndexLow == its.nFileIndexLow;
}

int FileDescriptor::Duplicate() const {
  HANDLE handle = INVALID_HANDLE_VALUE;
  const HANDLE process = GetCurrentProcess();
  if (!DuplicateHandle(process, HandleOf(number_), process, &handle, 0, FALSE,
                       DUPLICATE_SAME_ACCESS)) {
    return -1;
  }
  const int number = _open_osfhandle(reinterpret_cast<intptr_t>(handle), _O_BINARY);
  if (number < 0) CloseHandle(handle);
  return number;
}

FileDescriptor OpenToRead(const std::string& path) { return Open(path, kShared, 0); }

FileDescriptor OpenNoLink(const std::string& path) {
  FileDescriptor file = Open(path, kShared, FILE_FLAG_OPEN_REPARSE_POINT);
  BY_HANDLE_FILE_INFORMATION found{};
  if (!file.ok() || !GetFileInformationByHandle(HandleOf(file.number()), &found) ||
      (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0) {
    return {};
  }
  return file;
}

bool ReadAt(const FileDescriptor& file, uint8_t* bytes, size_t size, uint64_t offset) {
  while (size > 0) {
    OVERLAPPED place{};
    place.Offset = static_cast<DWORD>(offset);
    place.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD read = 0;
    const auto wanted = static_cast<DWORD>(std::min(size, kPiece));
    if (!ReadFile(HandleOf(file.number()), bytes, wanted, &read, &place) || read == 0) return false;
    bytes += read;
    size -= read;
    offset += read;
  }
  return true;
}

bool WriteAll(const FileDescriptor& file, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    DWORD written = 0;
    const auto wanted = static_cast<DWORD>(std::min(size, kPiece));
    if (!WriteFile(HandleOf(file.number()), bytes, wanted, &written, nullptr) || written == 0) {
      return false;
    }
    bytes += written;
    size -= written;
  }
  return true;
}

FolderDescriptor::FolderDescriptor(const std::string& path)
    : descriptor_(Open(path, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_FLAG_BACKUP_SEMANTICS)) {
  const auto status = StatusOf(descriptor_.number());
  if (!status || status->kind != FileStatus::Kind::kFolder) {
    if (status) SetLastError(ERROR_DIRECTORY);
    descriptor_ = FileDescriptor();
    return;
  }
  // The working directory may be another one later.
  const std::wstring wide = Wide(path);
  std::wstring whole(GetFullPathNameW(wide.c_str(), 0, nullptr, nullptr), L'\0');
  whole.resize(
      GetFullPathNameW(wide.c_str(), static_cast<DWORD>(whole.size()), whole.data(), nullptr));
  path_ = Utf8(whole);
}

bool FolderDescriptor::ok() const { return descriptor_.ok(); }

bool FolderDescriptor::Has(const std::string& name) const {
  return StatusOf(path_ + "\\" + name).has_value();
}

FileDescriptor FolderDescriptor::OpenToRead(const std::string& name) const {
  return sotto::OpenToRead(path_ + "\\" + name);
}

std::string SystemFault() {
  wchar_t text[512];
  const DWORD size =
      FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
                     GetLastError(), 0, text, static_cast<DWORD>(std::size(text)), nullptr);
  std::wstring said(text, size);
  while (!said.empty() && (said.back() == L'\n' || said.back() == L'\r' || said.back() == L'.')) {
    said.pop_back();
  }
  return Utf8(said);
}

}  // namespace sotto
