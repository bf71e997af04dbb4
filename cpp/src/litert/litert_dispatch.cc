#include "litert/litert_dispatch.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

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
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&DefaultFolder), &info) != 0 && info.dli_fname != nullptr) {
    return fs::path(info.dli_fname).parent_path().string();
  }
#endif
  return "";
}

// As LiteRT finds them, which takes the first of several, whichever that is.
std::vector<std::string> LibrariesIn(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".so" && path.filename().string().rfind(kPrefix, 0) == 0) {
      found.push_back(path.string());
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
    return NoDevice(library.folder_ + " holds no " + kPrefix + "*.so");
  }
  if (found.size() > 1) {
    return NoDevice(library.folder_ + " holds several dispatch libraries, " + found[0] + " and " +
                    found[1] + ", of which LiteRT would take any");
  }
  library.path_ = found.front();
  // It stays loaded: LiteRT never unloads it, either.
  void* handle = dlopen(library.path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    return NoDevice("can't load the dispatch library " + library.path_ + " (" +
                    (reason != nullptr ? reason : "no reason given") + ")");
  }
  if (dlsym(handle, "LiteRtDispatchGetApi") == nullptr) {
    return NoDevice("the dispatch library " + library.path_ +
                    " lacks the function LiteRtDispatchGetApi: it is none");
  }
  library.fault_ = reinterpret_cast<const char* (*)()>(dlsym(handle, "SottoNpuDispatchFault"));
  return library;
}

std::string DispatchLibrary::Fault() const { return fault_ == nullptr ? "" : fault_(); }

}  // namespace sotto
