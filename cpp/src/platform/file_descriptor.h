// Open files by their number, which on Windows is the C library's.

#ifndef SOTTO_SRC_PLATFORM_FILE_DESCRIPTOR_H_
#define SOTTO_SRC_PLATFORM_FILE_DESCRIPTOR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sotto {

// What the system says of a file.
struct FileStatus {
  enum class Kind { kRegular, kFolder, kOther };

  Kind kind = Kind::kOther;
  uint64_t size = 0;     // in bytes
  int64_t modified = 0;  // in the system's own unit
};

// None if the system knows no such file; SystemFault() says why.
std::optional<FileStatus> StatusOf(int descriptor);
std::optional<FileStatus> StatusOf(const std::string& path);

// A descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (ok()) Close(number_);
  }

  static void Close(int number);

  bool ok() const { return number_ >= 0; }
  int number() const { return number_; }  // negative: none

  // In bytes; 0 also where it is no file.
  size_t size() const {
    const std::optional<FileStatus> status = StatusOf(number_);
    return status ? static_cast<size_t>(status->size) : 0;
  }

  // Whether `other` is open, and of the same file.
  bool Is(int other) const;

  // Another number of the same file; negative: none is left. It is above 2, as XNNPACK takes those
  // above 0 alone, and those below 3 are what a host's children think that they know.
  int Duplicate() const;

 private:
  int number_ = -1;
};

// A file to read from. A pipe or device is opened without waiting for its other end.
FileDescriptor OpenToRead(const std::string& path);

// The same, but of the path itself: what a symbolic link leads to is not opened.
FileDescriptor OpenNoLink(const std::string& path);

// Reads `size` bytes at `offset`, and no fewer.
bool ReadAt(const FileDescriptor& file, uint8_t* bytes, size_t size, uint64_t offset);

// Writes all of them where the last write ended.
bool WriteAll(const FileDescriptor& file, const uint8_t* bytes, size_t size);

// An open folder, which stays the same one wherever its path leads later. On Windows, where nothing
// can be opened below a handle, it is kept from being moved instead.
class FolderDescriptor {
 public:
  // Not ok() if it can't be opened; SystemFault() says why.
  explicit FolderDescriptor(const std::string& path);

  bool ok() const;

  // Whether there is a file or folder of this name.
  bool Has(const std::string& name) const;

  // As ::OpenToRead.
  FileDescriptor OpenToRead(const std::string& name) const;

 private:
  FileDescriptor descriptor_;
  std::string path_;  // whole; of Windows alone
};

// Why the last call of this thread failed, in the system's words.
std::string SystemFault();

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_FILE_DESCRIPTOR_H_
