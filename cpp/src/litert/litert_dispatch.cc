#include "litert/litert_dispatch.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "platform/path.h"
#include "platform/shared_library.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "libLiteRtDispatch";
constexpr char kRemedy[] =
    "Give --npu-dispatch or $SOTTO_DISPATCH the folder of LiteRT's dispatch library: on a phone "
    "libLiteRtDispatch_MediaTek.so, which the app carries unpacked; on a laptop Sotto's own.";

Error NoDevice(const std::string& fault) {
  return Error{ErrorCode::kDevice, fault + ". " + kRemedy};
}

std::string DefaultFolder() {
  const char* folder = std::getenv("SOTTO_DISPATCH");
  if (folder != nullptr && *folder != '\0') return folder;
#ifdef __ANDROID__
  const std::string own = LibraryPathOf(reinterpret_cast<const void*>(&DefaultFolder));
  if (!own.empty()) return Utf8From(PathFrom(own).parent_path());
#endif
  return "";
}

// As LiteRT finds them, which takes the first of several, whichever that is.
std::vector<std::string> LibrariesIn(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(PathFrom(folder),
                                         fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == kLibrarySuffix && Utf8From(path.filename()).rfind(kPrefix, 0) == 0) {
      found.push_back(Utf8From(path));
    }
  }
  return found;
}

}  // namespace

Result<DispatchLibrary> DispatchLibrary::Open(const std::string& folder) {
  DispatchLibrary library;
  library.folder_ = folder.empty() ? DefaultFolder() : folder;
  if (library.folder_.empty()) return NoDevice("no dispatch library for the NPU is known");
  const std::vector<std::string> found = LibrariesIn(library.folder_);
  if (found.empty()) {
    return NoDevice(library.folder_ + " holds no " + kPrefix + "*" + kLibrarySuffix);
  }
  if (found.size() > 1) {
    return NoDevice(library.folder_ + " holds several dispatch libraries, " + found[0] + " and " +
                    found[1] + ", of which LiteRT would take any");
  }
  library.path_ = found.front();
  // It stays loaded: LiteRT never unloads it, either.
  const SharedLibrary loaded(library.path_);
  if (!loaded.ok()) {
    return NoDevice("can't load the dispatch library " + library.path_ + " (" + loaded.fault() +
                    ")");
  }
  if (loaded.Find<void*>("LiteRtDispatchGetApi") == nullptr) {
    return NoDevice("the dispatch library " + library.path_ +
                    " lacks the function LiteRtDispatchGetApi: it is none");
  }
  library.fault_ = loaded.Find<const char* (*)()>("SottoNpuDispatchFault");
  return library;
}

std::string DispatchLibrary::Fault() const { return fault_ == nullptr ? "" : fault_(); }

}  // namespace sotto
