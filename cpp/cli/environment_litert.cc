#include "environment_litert.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "litert/litert_api.h"
#include "platform/path.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string EnvironmentLiteRt(const std::string& program) {
  if (program.empty()) return "";
  const fs::path packages = PathFrom(program).parent_path().parent_path() / "lib";
  std::vector<fs::path> folders = {packages};  // Windows has them there, others below
  std::error_code error;
  for (fs::directory_iterator entry(packages, error), end; !error && entry != end;
       entry.increment(error)) {
    if (Utf8From(entry->path().filename()).rfind("python3", 0) == 0) folders.push_back(*entry);
  }
  for (const fs::path& folder : folders) {
    const fs::path library = folder / "site-packages" / "ai_edge_litert" / LiteRtApi::LibraryName();
    std::error_code own;
    if (fs::is_regular_file(library, own)) return Utf8From(library);
  }
  return "";
}

}  // namespace sotto
