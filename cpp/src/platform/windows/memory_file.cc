#include "platform/memory_file.h"

namespace sotto {

bool FileSizeAllowed(size_t) { return true; }

// A section of the paging file is no file: the C library, which XNNPACK uses, has no descriptor
// of it.
FileDescriptor CreateMemoryFile() { return {}; }

bool ForbidShrinking(const FileDescriptor&) { return false; }

}  // namespace sotto
