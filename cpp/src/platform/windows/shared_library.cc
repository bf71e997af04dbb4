#include "platform/shared_library.h"

#include <algorithm>

#include "platform/file_descriptor.h"
#include "platform/windows/wide.h"

namespace sotto {
namespace {

// The system takes the libraries that a library needs from its own folder where its path is whole.
std::wstring WholePath(const std::string& path) {
  std::wstring wide = Wide(path);
  std::replace(wide.begin(), wide.end(), L'/', L'\\');
  if (wide.find(L'\\') == std::wstring::npos) return wide;  // a name to be looked for
  std::wstring whole(GetFullPathNameW(wide.c_str(), 0, nullptr, nullptr), L'\0');
  whole.resize(
      GetFullPathNameW(wide.c_str(), static_cast<DWORD>(whole.size()), whole.data(), nullptr));
  return whole;
}

}  // namespace

SharedLibrary::SharedLibrary(const std::string& path) {
  const std::wstring whole = WholePath(path);
  const bool is_file = whole.find(L'\\') != std::wstring::npos;
  handle_ = reinterpret_cast<void*>(
      LoadLibraryExW(whole.c_str(), nullptr, is_file ? LOAD_WITH_ALTERED_SEARCH_PATH : 0));
  if (handle_ == nullptr) fault_ = SystemFault();
}

SharedLibrary SharedLibrary::OfProcess() {
  SharedLibrary process;
  process.handle_ = reinterpret_cast<void*>(GetModuleHandleW(nullptr));
  return process;
}

void* SharedLibrary::Address(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), name));
}

std::string LibraryPathOf(const void* address) {
  HMODULE module = nullptr;  // the program's own
  constexpr DWORD kFlags =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (address != nullptr &&
      !GetModuleHandleExW(kFlags, static_cast<const wchar_t*>(address), &module)) {
    return "";
  }
  std::wstring path(32768, L'\0');  // the longest that there is
  path.resize(GetModuleFileNameW(module, path.data(), static_cast<DWORD>(path.size())));
  return Utf8(path);
}

}  // namespace sotto
