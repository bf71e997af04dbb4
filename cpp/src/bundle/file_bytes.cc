#include "bundle/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sotto {
namespace {

constexpr uint8_t kNothing alignas(FileView::kAlignment)[FileView::kAlignment] = {};

// A pipe or device is opened without waiting for its other end, and then refused.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Error Fault(const std::string& label, const std::string& what) {
  return Error{ErrorCode::kBundle, label + " " + what};
}

Error SystemFault(const std::string& label, const std::string& what) {
  return Fault(label, what + ": " + std::strerror(errno));
}

uint64_t PageSize() {
  static const auto size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// offset + length is inside the file, which is regular.
Result<FileBytes> Map(int descriptor, uint64_t offset, uint64_t length, const std::string& label) {
  if (length == 0) return FileBytes{kNothing, 0, nullptr, false};
  const uint64_t skipped = offset % PageSize();
  if (length > SIZE_MAX - skipped) return Fault(label, "is too large to map");
  const auto size = static_cast<size_t>(length + skipped);
  void* map =
      mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off_t>(offset - skipped));
  if (map == MAP_FAILED) return SystemFault(label, "can't be mapped");
  const std::shared_ptr<const void> owner(
      map, [size](const void* mapped) { munmap(const_cast<void*>(mapped), size); });
  const uint8_t* data = static_cast<const uint8_t*>(map) + skipped;
  if (skipped % FileView::kAlignment != 0) return CopyBytes(data, static_cast<size_t>(length));
  return FileBytes{data, static_cast<size_t>(length), owner, true};
}

Result<FileBytes> MapWhole(const FileDescriptor& file, const std::string& label) {
  struct stat status{};
  if (!file.ok() || fstat(file.number(), &status) != 0) {
    return SystemFault(label, "can't be opened");
  }
  if (!S_ISREG(status.st_mode)) return Fault(label, "is not a regular file");
  return Map(file.number(), 0, static_cast<uint64_t>(status.st_size), label);
}

}  // namespace

FileBytes CopyBytes(const void* data, size_t size) {
  if (size == 0) return FileBytes{kNothing, 0, nullptr, false};
  // A block of aligned elements begins aligned.
  struct alignas(FileView::kAlignment) Element {
    uint8_t bytes[FileView::kAlignment];
  };
  const size_t count = (size + sizeof(Element) - 1) / sizeof(Element);
  const std::shared_ptr<Element[]> copy(new Element[count]);
  std::memcpy(copy.get(), data, size);
  return FileBytes{copy.get()->bytes, size, copy, false};
}

void Release(const FileBytes& bytes, size_t begin, size_t size) {
  if (!bytes.mapped) return;
  // Whole pages alone: what is beside them may be another file's.
  const uint64_t page = PageSize();
  const auto address = reinterpret_cast<uintptr_t>(bytes.data + begin);
  const uintptr_t first = (address + page - 1) / page * page;
  const uintptr_t last = (address + size) / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

Result<FileBytes> MapFile(const std::string& path, const std::string& label) {
  return MapWhole(FileDescriptor(open(path.c_str(), kReadFlags)), label);
}

Result<FileBytes> MapRange(const FileRange& range, const std::string& label) {
  struct stat status{};
  if (fstat(range.descriptor, &status) != 0) return SystemFault(label, "has no open descriptor");
  if (!S_ISREG(status.st_mode)) return Fault(label, "is not a regular file");
  const auto size = static_cast<uint64_t>(status.st_size);
  if (range.offset > size || range.length > size - range.offset) {
    return Fault(label, "reaches beyond the end of its file: " + std::to_string(range.length) +
                            " bytes from " + std::to_string(range.offset) + " on, of " +
                            std::to_string(size));
  }
  return Map(range.descriptor, range.offset, range.length, label);
}

bool IsFile(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

Result<Folder> Folder::Open(const std::string& path) {
  FileDescriptor folder(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!folder.ok()) return SystemFault(path, "can't be opened");
  return Folder(std::move(folder));
}

bool Folder::Has(const std::string& name) const {
  struct stat status{};
  return fstatat(descriptor_.number(), name.c_str(), &status, 0) == 0;
}

Result<FileBytes> Folder::Map(const std::string& name, const std::string& label) const {
  return MapWhole(FileDescriptor(openat(descriptor_.number(), name.c_str(), kReadFlags)), label);
}

}  // namespace sotto
