#include "litert/weight_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <system_error>

#include "sotto/load_options.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameDigits = 32;  // of the sha256: enough to tell files apart
constexpr char kSuffix[] = ".xnnpack";
constexpr std::chrono::hours kUnused{24 * 14};  // after which a file goes

// What the kernel says that the first CPU can do; empty where it says nothing.
std::string CpuFeatures() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0) return line;
  }
  return "";
}

// Of bundles and LiteRTs that were replaced, and what processes that were killed left.
void RemoveUnused(const fs::path& directory) {
  std::error_code error;
  const fs::file_time_type oldest = fs::file_time_type::clock::now() - kUnused;
  for (fs::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    const bool ours = file->path().filename().string().find(kSuffix) != std::string::npos;
    std::error_code own;
    if (ours && fs::last_write_time(file->path(), own) < oldest && !own) {
      fs::remove(file->path(), own);
    }
  }
}

}  // namespace

WeightCache::WeightCache(const std::string& directory, const std::string& library)
    : directory_(directory) {
  struct stat status{};
  std::ostringstream text;
  if (stat(library.c_str(), &status) == 0) text << status.st_size << ' ' << status.st_mtime << ' ';
  text << CpuFeatures();
  std::ostringstream name;
  name << std::hex << std::hash<std::string>()(text.str());
  kernels_ = name.str();
}

std::string DefaultWeightCache() {
  const char* own = std::getenv("SOTTO_WEIGHT_CACHE");
  if (own != nullptr) return own;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/sotto/weights";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/sotto/weights";
  return "";
}

WeightCache::Entry WeightCache::Find(const std::string& sha256) const {
  static std::atomic<int> count{0};
  Entry entry;
  if (directory_.empty() || sha256.size() < kNameDigits) return entry;
  std::error_code error;
  fs::create_directories(directory_, error);
  const std::string path =
      directory_ + "/" + sha256.substr(0, kNameDigits) + "-" + kernels_ + kSuffix;
  if (fs::is_regular_file(path, error)) {
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // it is in use
    entry.path_ = path;
    return entry;
  }
  if (access(directory_.c_str(), W_OK) != 0) return entry;
  entry.path_ = path + ".partial-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  entry.final_ = path;
  return entry;
}

std::string WeightCache::Entry::quoted_path() const {
  std::string quoted = "\"";
  for (const char c : path_) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

void WeightCache::Entry::Keep() {
  if (final_.empty()) return;
  std::error_code error;
  fs::rename(path_, final_, error);
  RemoveUnused(fs::path(final_).parent_path());
}

void WeightCache::Entry::Discard() {
  std::error_code error;
  fs::remove(path_, error);
}

}  // namespace sotto
