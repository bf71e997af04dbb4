// A file without a disk, which XNNPACK writes packed weights into.

#ifndef SOTTO_SRC_PLATFORM_MEMORY_FILE_H_
#define SOTTO_SRC_PLATFORM_MEMORY_FILE_H_

#include <cstddef>

#include "platform/file_descriptor.h"

namespace sotto {

// Whether this process may write a file of `size` bytes: ulimit -f. Beyond it the system ends the
// process (SIGXFSZ), whether the file is on a disk or in memory.
bool FileSizeAllowed(size_t size);

// An empty file in memory, which grows as it is written and goes with its last descriptor. None
// where the system has no such files (it is Linux's memfd).
FileDescriptor CreateMemoryFile();

// Forbids for good to make a memory file shorter, which would end every process that has it mapped.
// False if the system refuses.
bool ForbidShrinking(const FileDescriptor& file);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_MEMORY_FILE_H_
