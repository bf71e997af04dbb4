#include "platform/shared_library.h"

#include <dlfcn.h>

namespace sotto {

SharedLibrary::SharedLibrary(const std::string& path)
    : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* reason = dlerror();
  fault_ = reason != nullptr ? reason : "no reason given";
}

SharedLibrary SharedLibrary::OfProcess() {
  SharedLibrary process;
  process.handle_ = dlopen(nullptr, RTLD_NOW);
  return process;
}

void* SharedLibrary::Address(const char* name) const { return dlsym(handle_, name); }

std::string LibraryPathOf(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
  return info.dli_fname;
}

}  // namespace sotto
