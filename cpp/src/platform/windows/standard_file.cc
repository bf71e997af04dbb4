#include "platform/standard_file.h"

#include "platform/windows/wide.h"

namespace sotto {

std::FILE* OpenStandardFile(const std::string& path) { return _wfopen(Wide(path).c_str(), L"rbN"); }

std::optional<FileStatus> StatusOf(std::FILE* file) { return StatusOf(_fileno(file)); }

bool SeekTo(std::FILE* file, int64_t offset) { return _fseeki64(file, offset, SEEK_SET) == 0; }

}  // namespace sotto
