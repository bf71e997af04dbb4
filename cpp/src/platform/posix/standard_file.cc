#include "platform/standard_file.h"

#include <sys/types.h>

namespace sotto {

std::FILE* OpenStandardFile(const std::string& path) { return std::fopen(path.c_str(), "rbe"); }

std::optional<FileStatus> StatusOf(std::FILE* file) { return StatusOf(fileno(file)); }

bool SeekTo(std::FILE* file, int64_t offset) {
  return fseeko(file, static_cast<off_t>(offset), SEEK_SET) == 0;
}

}  // namespace sotto
