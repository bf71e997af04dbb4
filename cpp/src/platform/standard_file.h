// The C library's files of more than 2 GiB, under UTF-8 paths.

#ifndef SOTTO_SRC_PLATFORM_STANDARD_FILE_H_
#define SOTTO_SRC_PLATFORM_STANDARD_FILE_H_

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "platform/file_descriptor.h"

namespace sotto {

// To read bytes from, and not for child processes; null if it can't be opened: errno says why.
std::FILE* OpenStandardFile(const std::string& path);

std::optional<FileStatus> StatusOf(std::FILE* file);

// Continues at this byte; false if it can't.
bool SeekTo(std::FILE* file, int64_t offset);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_STANDARD_FILE_H_
