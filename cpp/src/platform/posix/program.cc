#include "platform/program.h"

#ifdef __APPLE__
#include <mach-o/dyld.h>

#include <cstdint>
#else
#include <filesystem>
#include <system_error>
#endif

namespace sotto {

std::vector<std::string> StartProgram(int argc, char** argv) { return {argv, argv + argc}; }

std::string ProgramPath() {
#ifdef __APPLE__
  char path[4096];
  uint32_t size = sizeof(path);
  return _NSGetExecutablePath(path, &size) == 0 ? path : "";
#else
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
#endif
}

}  // namespace sotto
