#include "platform/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace sotto {

PartialFile::PartialFile(const std::string& stem) : path_(stem + "XXXXXX") {
  writer_ = FileDescriptor(mkostemp(path_.data(), O_CLOEXEC));
  if (writer_.ok()) flock(writer_.number(), LOCK_EX | LOCK_NB);
}

PartialFile::~PartialFile() {
  if (writer_.ok()) unlink(path_.c_str());
}

bool PartialFile::Reserve(size_t size) {
#ifdef __linux__
  if (fallocate(writer_.number(), 0, 0, static_cast<off_t>(size)) == 0) return true;
  return errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EINTR;
#else
  static_cast<void>(size);
  return true;
#endif
}

FileDescriptor PartialFile::Keep(const std::string& path) {
  FileDescriptor reader = OpenNoLink(path_);
  if (!reader.ok() || !reader.Is(writer_.number()) || fsync(writer_.number()) != 0 ||
      std::rename(path_.c_str(), path.c_str()) != 0) {
    return {};
  }
  writer_ = FileDescriptor();
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const FileDescriptor folder(open(directory.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (folder.ok()) static_cast<void>(fsync(folder.number()));  // some file systems refuse
  return reader;
}

void RemoveAbandoned(const std::string& path) {
  const FileDescriptor file = OpenNoLink(path);
  if (file.ok() && flock(file.number(), LOCK_EX | LOCK_NB) == 0) unlink(path.c_str());
}

void MarkUsed(const FileDescriptor& file) { static_cast<void>(futimens(file.number(), nullptr)); }

}  // namespace sotto
