#include "platform/memory_file.h"

#include <sys/resource.h>

#ifdef __linux__
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sotto {

bool FileSizeAllowed(size_t size) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
  return limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur;
}

#if defined(__linux__) && defined(SYS_memfd_create)

FileDescriptor CreateMemoryFile() {
  // A system call, as older C libraries, and Android's before 11, lack the function.
  return FileDescriptor(static_cast<int>(
      syscall(SYS_memfd_create, "sotto packed weights", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
}

bool ForbidShrinking(const FileDescriptor& file) {
  constexpr int kAddSeals = 1033, kSealShrink = 2;  // older headers lack the names
  return fcntl(file.number(), kAddSeals, kSealShrink) == 0;
}

#else

FileDescriptor CreateMemoryFile() { return {}; }

bool ForbidShrinking(const FileDescriptor&) { return false; }

#endif

}  // namespace sotto
