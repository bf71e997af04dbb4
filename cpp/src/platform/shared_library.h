// Libraries that are loaded at run time, and stay.

#ifndef SOTTO_SRC_PLATFORM_SHARED_LIBRARY_H_
#define SOTTO_SRC_PLATFORM_SHARED_LIBRARY_H_

#include <string>

namespace sotto {

#if defined(_WIN32)
inline constexpr char kLibrarySuffix[] = ".dll";
#elif defined(__APPLE__)
inline constexpr char kLibrarySuffix[] = ".dylib";
#else
inline constexpr char kLibrarySuffix[] = ".so";
#endif

// A loaded library. Nothing unloads it: what it registered with the process would outlive it.
class SharedLibrary {
 public:
  SharedLibrary() = default;

  // `path`: a file, or a name for the system to look for. Not ok() if it can't be loaded.
  explicit SharedLibrary(const std::string& path);

  // What the process itself has.
  static SharedLibrary OfProcess();

  bool ok() const { return handle_ != nullptr; }

  // Why it was not loaded.
  const std::string& fault() const { return fault_; }

  // Null if it has no such function.
  template <typename Function>
  Function Find(const char* name) const {
    return reinterpret_cast<Function>(Address(name));
  }

 private:
  void* Address(const char* name) const;

  void* handle_ = nullptr;
  std::string fault_;
};

// The path of the library or program that holds the address; empty if the system does not say.
std::string LibraryPathOf(const void* address);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_SHARED_LIBRARY_H_
