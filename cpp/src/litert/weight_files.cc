#include "litert/weight_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/xxh64.h"
#include "platform/memory_file.h"
#include "platform/partial_file.h"
#include "platform/path.h"
#include "platform/processor.h"

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
  for (fs::directory_iterator file(PathFrom(directory), error), end; !error && file != end;
       file.increment(error)) {
    names.push_back(Utf8From(file->path().filename()));
  }
  return names;
}

void Remove(const std::string& path) {
  std::error_code error;
  fs::remove(PathFrom(path), error);
}

// Of bundles and LiteRTs that were replaced.
void RemoveUnused(const std::string& directory) {
  const fs::file_time_type oldest = fs::file_time_type::clock::now() - kUnused;
  for (const std::string& name : NamesIn(directory)) {
    const fs::path path = PathFrom(directory) / PathFrom(name);
    std::error_code error;
    const bool ours = name.find(kSuffix) != std::string::npos;
    if (ours && fs::last_write_time(path, error) < oldest && !error) fs::remove(path, error);
  }
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
    if (!ReadAt(file, piece.data(), size, begin)) return std::nullopt;
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
  const size_t max = std::min<size_t>(
      {kHashThreads, std::thread::hardware_concurrency(), copy == nullptr ? hashes.size() : 1});
  try {
    while (helpers.size() + 1 < max) helpers.emplace_back(hash_blocks);
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

}  // namespace

WeightFiles::WeightFiles(const std::string& directory, const std::string& library)
    : directory_(directory) {
  std::ostringstream text;
  if (const auto status = StatusOf(library)) {
    text << status->size << ' ' << status->modified << ' ';
  }
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
    FileDescriptor file = OpenNoLink(path);
    const std::optional<FileStatus> status = StatusOf(file.number());
    if (!status || status->kind != FileStatus::Kind::kRegular) continue;
    const std::optional<uint64_t> hash = HashOf(file, nullptr);
    if (!hash || name != prefix + HexDigits(*hash) + kSuffix) {
      Remove(path);
      continue;
    }
    MarkUsed(file);
    found = std::move(file);
  }
  return found;
}

FileDescriptor WeightFiles::Write(const std::string& sha256, const FileDescriptor& packed) const {
  const std::string prefix = Prefix(sha256);
  const size_t size = packed.size();
  if (prefix.empty() || size == 0 || !FileSizeAllowed(size)) return {};
  std::error_code error;
  fs::create_directories(PathFrom(directory_), error);
  PartialFile partial(directory_ + "/" + prefix + kSuffix + kPartial);
  if (!partial.ok() || !partial.Reserve(size)) return {};
  const std::optional<uint64_t> hash = HashOf(packed, &partial.writer());
  if (!hash) return {};
  FileDescriptor file = partial.Keep(directory_ + "/" + prefix + HexDigits(*hash) + kSuffix);
  if (file.ok()) RemoveUnused(directory_);
  return file;
}

}  // namespace sotto
