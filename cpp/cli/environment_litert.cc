#include "environment_litert.h"

#include <filesystem>
#include <system_error>

namespace sotto {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string EnvironmentLiteRt(const std::string& program) {
  if (program.empty()) return "";
  const fs::path prefix = fs::path(program).parent_path().parent_path();
  std::error_code error;
  for (fs::directory_iterator entry(prefix / "lib", error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().rfind("python3", 0) != 0) continue;
    const fs::path library = entry->path() / "site-packages" / "ai_edge_litert" / "libLiteRt.so";
    std::error_code own;
    if (fs::is_regular_file(library, own)) return library.string();
  }
  return "";
}

std::string ProgramPath() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

}  // namespace sotto
