// Files as bytes in memory.

#ifndef SOTTO_SRC_BUNDLE_FILE_BYTES_H_
#define SOTTO_SRC_BUNDLE_FILE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "platform/file_descriptor.h"
#include "sotto/bundle_files.h"
#include "sotto/error.h"

namespace sotto {

// Bytes and what keeps them there.
struct FileBytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
  std::shared_ptr<const void> owner;
  bool mapped = false;  // whether they are a file's, which the system can read again
};

// A copy of `size` bytes that is aligned as FileView needs it.
FileBytes CopyBytes(const void* data, size_t size);

// Lets the system take back the memory of mapped bytes until they are read again. Without it, a
// file that was hashed and of which little is read later counts as memory of the process.
void Release(const FileBytes& bytes, size_t begin, size_t size);

// A regular file of `path`, or of its name in `folder`. kBundle with `label` if it can't be mapped.
Result<FileBytes> MapFile(const std::string& path, const std::string& label);

// A part of an open file; what is not aligned in it is copied.
Result<FileBytes> MapRange(const FileRange& range, const std::string& label);

// Whether a regular file is at the path.
bool IsFile(const std::string& path);

// An open directory, which stays the same one wherever its path leads later.
class Folder {
 public:
  // kBundle if it can't be opened.
  static Result<Folder> Open(const std::string& path);

  // Whether there is a file or folder of this name.
  bool Has(const std::string& name) const;

  // As MapFile.
  Result<FileBytes> Map(const std::string& name, const std::string& label) const;

 private:
  explicit Folder(FolderDescriptor folder) : folder_(std::move(folder)) {}

  FolderDescriptor folder_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_FILE_BYTES_H_
