#include "litert/quiet_compile.h"

#include <cstdio>
#include <mutex>
#include <string>

namespace sotto {

#ifdef __GLIBC__

namespace {

constexpr char kAnnouncement[] = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n";

struct Filter {
  std::mutex mutex;  // over what follows
  int users = 0;
  std::FILE* before = nullptr;   // the process's own stream
  std::FILE* passing = nullptr;  // never closed: another thread may have just read the variable
};

Filter& TheFilter() {
  static auto* filter = new Filter;  // outlives every destructor
  return *filter;
}

thread_local int quiet = 0;      // objects of this thread
thread_local std::string begun;  // what this thread printed of a line, as LiteRT does it in pieces

void PassOn(const char* text, size_t size) { std::fwrite(text, 1, size, TheFilter().before); }

ssize_t Write(void*, const char* text, size_t size) {
  if (quiet == 0) {
    PassOn(text, size);
    return static_cast<ssize_t>(size);
  }
  begun.append(text, size);
  for (size_t end = begun.find('\n'); end != std::string::npos; end = begun.find('\n')) {
    if (begun.compare(0, end + 1, kAnnouncement) != 0) PassOn(begun.data(), end + 1);
    begun.erase(0, end + 1);
  }
  return static_cast<ssize_t>(size);
}

}  // namespace

QuietCompile::QuietCompile() {
  Filter& filter = TheFilter();
  const std::lock_guard<std::mutex> turn(filter.mutex);
  ++quiet;
  if (filter.users++ > 0) return;
  if (filter.passing == nullptr) {
    filter.before = stderr;
    cookie_io_functions_t functions{};
    functions.write = Write;
    filter.passing = fopencookie(nullptr, "w", functions);
    if (filter.passing != nullptr) std::setvbuf(filter.passing, nullptr, _IONBF, 0);
  }
  // A host that has put another stream there keeps it, and the line is printed.
  if (filter.passing != nullptr && stderr == filter.before) stderr = filter.passing;
}

QuietCompile::~QuietCompile() {
  Filter& filter = TheFilter();
  const std::lock_guard<std::mutex> turn(filter.mutex);
  --quiet;
  if (!begun.empty()) PassOn(begun.data(), begun.size());
  begun.clear();
  if (--filter.users == 0 && stderr == filter.passing) stderr = filter.before;
}

#else

QuietCompile::QuietCompile() = default;
QuietCompile::~QuietCompile() = default;

#endif

}  // namespace sotto
