// A file that is on the disk whole or not at all.

#ifndef SOTTO_SRC_PLATFORM_PARTIAL_FILE_H_
#define SOTTO_SRC_PLATFORM_PARTIAL_FILE_H_

#include <cstddef>
#include <string>

#include "platform/file_descriptor.h"

namespace sotto {

// A file under a name of its own, which is removed again unless it is kept. While it is written it
// is locked, so that RemoveAbandoned() knows it from what a killed process left.
class PartialFile {
 public:
  // `stem`: its path, after which the system chooses some letters.
  explicit PartialFile(const std::string& stem);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  bool ok() const { return writer_.ok(); }
  const FileDescriptor& writer() const { return writer_; }

  // Takes the room for `size` bytes at once: a disk that is nearly full is not filled first. True,
  // too, where the file system can't.
  bool Reserve(size_t size);

  // Puts it on the disk for good, in place of what is at `path`, and opens it anew: nobody writes
  // through what is given. None if it can't be done.
  FileDescriptor Keep(const std::string& path);

 private:
  std::string path_;
  FileDescriptor writer_;
};

// Removes a partial file unless a process is writing it.
void RemoveAbandoned(const std::string& path);

// Gives an open file the time of now.
void MarkUsed(const FileDescriptor& file);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_PARTIAL_FILE_H_
