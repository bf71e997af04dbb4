#include "bundle/file_bytes.h"

#include <cstring>
#include <optional>
#include <utility>

#include "platform/mapping.h"

namespace sotto {
namespace {

constexpr uint8_t kNothing alignas(FileView::kAlignment)[FileView::kAlignment] = {};

Error Fault(const std::string& label, const std::string& what) {
  return Error{ErrorCode::kBundle, label + " " + what};
}

// With the system's reason; called before anything else calls the system.
Error FaultOfSystem(const std::string& label, const std::string& what) {
  return Fault(label, what + ": " + SystemFault());
}

// offset + length is inside the file, which is regular.
Result<FileBytes> Map(int descriptor, uint64_t offset, uint64_t length, const std::string& label) {
  if (length == 0) return FileBytes{kNothing, 0, nullptr, false};
  constexpr uint64_t kRoom = 1 << 20;  // for the system's own alignment
  if (length > SIZE_MAX - kRoom) return Fault(label, "is too large to map");
  const auto size = static_cast<size_t>(length);
  const Mapping map = MapBytes(descriptor, offset, size);
  if (map.data == nullptr) return FaultOfSystem(label, "can't be mapped");
  if (offset % FileView::kAlignment != 0) return CopyBytes(map.data, size);
  return FileBytes{map.data, size, map.owner, true};
}

Result<FileBytes> MapWhole(const FileDescriptor& file, const std::string& label) {
  if (!file.ok()) return FaultOfSystem(label, "can't be opened");
  const std::optional<FileStatus> status = StatusOf(file.number());
  if (!status) return FaultOfSystem(label, "can't be opened");
  if (status->kind != FileStatus::Kind::kRegular) return Fault(label, "is not a regular file");
  return Map(file.number(), 0, status->size, label);
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
  if (bytes.mapped) ReleasePages(bytes.data + begin, size);
}

Result<FileBytes> MapFile(const std::string& path, const std::string& label) {
  return MapWhole(OpenToRead(path), label);
}

Result<FileBytes> MapRange(const FileRange& range, const std::string& label) {
  const std::optional<FileStatus> status = StatusOf(range.descriptor);
  if (!status) return FaultOfSystem(label, "has no open descriptor");
  if (status->kind != FileStatus::Kind::kRegular) return Fault(label, "is not a regular file");
  if (range.offset > status->size || range.length > status->size - range.offset) {
    return Fault(label, "reaches beyond the end of its file: " + std::to_string(range.length) +
                            " bytes from " + std::to_string(range.offset) + " on, of " +
                            std::to_string(status->size));
  }
  return Map(range.descriptor, range.offset, range.length, label);
}

bool IsFile(const std::string& path) {
  const std::optional<FileStatus> status = StatusOf(path);
  return status && status->kind == FileStatus::Kind::kRegular;
}

Result<Folder> Folder::Open(const std::string& path) {
  FolderDescriptor folder(path);
  if (!folder.ok()) return FaultOfSystem(path, "can't be opened");
  return Folder(std::move(folder));
}

bool Folder::Has(const std::string& name) const { return folder_.Has(name); }

Result<FileBytes> Folder::Map(const std::string& name, const std::string& label) const {
  return MapWhole(folder_.OpenToRead(name), label);
}

}  // namespace sotto
