// A file descriptor that is closed with its owner.

#ifndef SOTTO_SRC_BASE_FILE_DESCRIPTOR_H_
#define SOTTO_SRC_BASE_FILE_DESCRIPTOR_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

namespace sotto {

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
    if (number_ >= 0) close(number_);
  }

  bool ok() const { return number_ >= 0; }
  int number() const { return number_; }  // negative: none

  // In bytes; 0 also where it is no file.
  size_t size() const {
    struct stat status{};
    return fstat(number_, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
  }

  // Whether `other` is open, and of the same file.
  bool Is(int other) const {
    struct stat mine{}, its{};
    return fstat(number_, &mine) == 0 && fstat(other, &its) == 0 && mine.st_dev == its.st_dev &&
           mine.st_ino == its.st_ino;
  }

 private:
  int number_ = -1;
};

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_FILE_DESCRIPTOR_H_
