#include "platform/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sotto {
namespace {

constexpr int kToRead = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

FileStatus StatusFrom(const struct stat& status) {
  const bool regular = S_ISREG(status.st_mode);
  const bool folder = S_ISDIR(status.st_mode);
  return {regular  ? FileStatus::Kind::kRegular
          : folder ? FileStatus::Kind::kFolder
                   : FileStatus::Kind::kOther,
          static_cast<uint64_t>(status.st_size), static_cast<int64_t>(status.st_mtime)};
}

}  // namespace

std::optional<FileStatus> StatusOf(int descriptor) {
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return std::nullopt;
  return StatusFrom(status);
}

std::optional<FileStatus> StatusOf(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return StatusFrom(status);
}

void FileDescriptor::Close(int number) { close(number); }

bool FileDescriptor::Is(int other) const {
  struct stat mine{}, its{};
  return fstat(number_, &mine) == 0 && fstat(other, &its) == 0 && mine.st_dev == its.st_dev &&
         mine.st_ino == its.st_ino;
}

int FileDescriptor::Duplicate() const { return fcntl(number_, F_DUPFD_CLOEXEC, 3); }

FileDescriptor OpenToRead(const std::string& path) {
  return FileDescriptor(open(path.c_str(), kToRead));
}

FileDescriptor OpenNoLink(const std::string& path) {
  return FileDescriptor(open(path.c_str(), kToRead | O_NOFOLLOW));
}

bool ReadAt(const FileDescriptor& file, uint8_t* bytes, size_t size, uint64_t offset) {
  while (size > 0) {
    const ssize_t read = pread(file.number(), bytes, size, static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    bytes += read;
    size -= static_cast<size_t>(read);
    offset += static_cast<uint64_t>(read);
  }
  return true;
}

bool WriteAll(const FileDescriptor& file, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file.number(), bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

FolderDescriptor::FolderDescriptor(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY)) {}

bool FolderDescriptor::ok() const { return descriptor_.ok(); }

bool FolderDescriptor::Has(const std::string& name) const {
  struct stat status{};
  return fstatat(descriptor_.number(), name.c_str(), &status, 0) == 0;
}

FileDescriptor FolderDescriptor::OpenToRead(const std::string& name) const {
  return FileDescriptor(openat(descriptor_.number(), name.c_str(), kToRead));
}

std::string SystemFault() { return std::strerror(errno); }

}  // namespace sotto
