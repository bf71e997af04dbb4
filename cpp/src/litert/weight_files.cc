#include "litert/weight_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/xxh64.h"
#include "litert/memory_file.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameDigits = 32;  // of the sha256: enough to tell files apart
constexpr size_t kHashDigits = 16;
constexpr char kSuffix[] = ".xnnpack";
constexpr char kPartial[] = ".partial-";        // after the suffix, while a file is written
constexpr std::chrono::hours kUnused{24 * 14};  // after which a file goes
constexpr size_t kPiece = 256 << 10;            // stays in a core's own cache
constexpr size_t kBlock = 2 << 20;              // is hashed by one thread
constexpr size_t kHashThreads = 4;              // of which memory keeps no more busy

// What the kernel says that the first CPU can do; empty where it says nothing.
std::string CpuFeatures() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0) return line;
  }
  return "";
}

std::string HexDigits(uint64_t value) {
  char digits[kHashDigits + 1];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The names in a directory; none if it can't be read.
std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    names.push_back(file->path().filename().string());
  }
  return names;
}

// Of bundles and LiteRTs that were replaced.
void RemoveUnused(const std::string& directory) {
  const fs::file_time_type oldest = fs::file_time_type::clock::now() - kUnused;
  for (const std::string& name : NamesIn(directory)) {
    const fs::path path = fs::path(directory) / name;
    std::error_code error;
    const bool ours = name.find(kSuffix) != std::string::npos;
    if (ours && fs::last_write_time(path, error) < oldest && !error) fs::remove(path, error);
  }
}

// Removes a half-written file if its process is gone: one that writes holds a lock.
void RemoveAbandoned(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.ok() && flock(file.number(), LOCK_EX | LOCK_NB) == 0) unlink(path.c_str());
}

// Reads `size` bytes at `offset`, and no fewer.
bool ReadAll(const FileDescriptor& file, uint8_t* bytes, size_t size, size_t offset) {
  while (size > 0) {
    const ssize_t read = pread(file.number(), bytes, size, static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    bytes += read;
    size -= static_cast<size_t>(read);
    offset += static_cast<size_t>(read);
  }
  return true;
}

bool WriteAll(const FileDescriptor& file, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file.number(), bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// The hash of bytes `begin` to `end`, which are also written to `copy` where one is given. They are
// read and not mapped: a mapping would count as memory of this process, and end it if somebody cut
// the file short.
std::optional<uint64_t> HashOfBlock(const FileDescriptor& file, size_t begin, size_t end,
                                    const FileDescriptor* copy) {
  std::vector<uint8_t> piece(kPiece);
  Xxh64 hash;
  for (size_t size = 0; begin < end; begin += size) {
    size = std::min(kPiece, end - begin);
    if (!ReadAll(file, piece.data(), size, begin)) return std::nullopt;
    hash.Update(piece.data(), size);
    if (copy != nullptr && !WriteAll(*copy, piece.data(), size)) return std::nullopt;
  }
  return hash.Digest();
}

// The hash of a file: that of its blocks' hashes and its size. The blocks are hashed by up to
// kHashThreads threads, or copied in order.
std::optional<uint64_t> HashOf(const FileDescriptor& file, const FileDescriptor* copy) {
  const size_t size = file.size();
  std::vector<uint64_t> hashes((size + kBlock - 1) / kBlock);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  const auto hash_blocks = [&] {
    for (size_t block = next++; block < hashes.size() && !failed; block = next++) {
      const size_t begin = block * kBlock;
      const auto hash = HashOfBlock(file, begin, std::min(size, begin + kBlock), copy);
      hash ? hashes[block] = *hash : failed = true;
    }
  };
  std::vector<std::thread> helpers;
  const size_t most = std::min<size_t>(
      {kHashThreads, std::thread::hardware_concurrency(), copy == nullptr ? hashes.size() : 1});
  try {
    while (helpers.size() + 1 < most) helpers.emplace_back(hash_blocks);
  } catch (const std::system_error&) {
    // There are no more threads to be had: those that there are do it.
  }
  hash_blocks();
  for (std::thread& helper : helpers) helper.join();
  if (failed) return std::nullopt;
  hashes.push_back(size);
  Xxh64 hash;
  hash.Update(hashes.data(), hashes.size() * sizeof(hashes[0]));
  return hash.Digest();
}

// Whether the disk has the room, taken at once: a disk that is nearly full is not filled first.
bool Reserve(const FileDescriptor& file, size_t size) {
#ifdef __linux__
  if (fallocate(file.number(), 0, 0, static_cast<off_t>(size)) == 0) return true;
  return errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EINTR;
#else
  static_cast<void>(file);
  static_cast<void>(size);
  return true;
#endif
}

// A file that is removed again unless it was given its name.
class PartialFile {
 public:
  explicit PartialFile(const std::string& final_path) : path_(final_path + kPartial + "XXXXXX") {
    writer_ = FileDescriptor(mkostemp(path_.data(), O_CLOEXEC));
    if (writer_.ok()) flock(writer_.number(), LOCK_EX | LOCK_NB);
  }
  ~PartialFile() {
    if (writer_.ok()) unlink(path_.c_str());
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  bool ok() const { return writer_.ok(); }
  const FileDescriptor& writer() const { return writer_; }

  // Puts it on the disk for good, and opens it anew: nobody writes through what is given.
  FileDescriptor Keep(const std::string& path) {
    FileDescriptor reader(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!reader.ok() || !reader.Is(writer_.number()) || fsync(writer_.number()) != 0 ||
        rename(path_.c_str(), path.c_str()) != 0) {
      return {};
    }
    writer_ = FileDescriptor();
    const std::string directory = fs::path(path).parent_path().string();
    const FileDescriptor folder(open(directory.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
    if (folder.ok()) static_cast<void>(fsync(folder.number()));  // some file systems refuse
    return reader;
  }

 private:
  std::string path_;
  FileDescriptor writer_;
};

}  // namespace

WeightFiles::WeightFiles(const std::string& directory, const std::string& library)
    : directory_(directory) {
  struct stat status{};
  std::ostringstream text;
  if (stat(library.c_str(), &status) == 0) text << status.st_size << ' ' << status.st_mtime << ' ';
  text << CpuFeatures();
  kernels_ = HexDigits(std::hash<std::string>()(text.str()));
}

std::string WeightFiles::Prefix(const std::string& sha256) const {
  if (directory_.empty() || sha256.size() < kNameDigits) return "";
  return sha256.substr(0, kNameDigits) + "-" + kernels_ + "-";
}

FileDescriptor WeightFiles::Find(const std::string& sha256) const {
  const std::string prefix = Prefix(sha256);
  if (prefix.empty()) return {};
  FileDescriptor found;
  for (const std::string& name : NamesIn(directory_)) {
    const std::string path = directory_ + "/" + name;
    if (name.find(std::string(kSuffix) + kPartial) != std::string::npos) {
      RemoveAbandoned(path);
      continue;
    }
    if (found.ok() || name.rfind(prefix, 0) != 0 || !EndsWith(name, kSuffix)) continue;
    FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.ok()) continue;
    const std::optional<uint64_t> hash = HashOf(file, nullptr);
    if (!hash || name != prefix + HexDigits(*hash) + kSuffix) {
      unlink(path.c_str());
      continue;
    }
    static_cast<void>(futimens(file.number(), nullptr));  // it is in use
    found = std::move(file);
  }
  return found;
}

FileDescriptor WeightFiles::Write(const std::string& sha256, const FileDescriptor& packed) const {
  const std::string prefix = Prefix(sha256);
  const size_t size = packed.size();
  if (prefix.empty() || size == 0 || !FileSizeAllowed(size)) return {};
  std::error_code error;
  fs::create_directories(directory_, error);
  PartialFile partial(directory_ + "/" + prefix + kSuffix);
  if (!partial.ok() || !Reserve(partial.writer(), size)) return {};
  const std::optional<uint64_t> hash = HashOf(packed, &partial.writer());
  if (!hash) return {};
  FileDescriptor file = partial.Keep(directory_ + "/" + prefix + HexDigits(*hash) + kSuffix);
  if (file.ok()) RemoveUnused(directory_);
  return file;
}

}  // namespace sotto
