#include "bundle/archive.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"

namespace sotto {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kZip64End = 0x06064b50;
constexpr uint32_t kZip64Locator = 0x07064b50;

constexpr size_t kLocalSize = 30;
constexpr size_t kCentralSize = 46;
constexpr size_t kEndSize = 22;
constexpr size_t kZip64EndSize = 56;
constexpr size_t kZip64LocatorSize = 20;

constexpr uint16_t kEncrypted = 1u | 1u << 6 | 1u << 13;  // of an entry's flags
constexpr uint16_t kZip64Field = 1;                       // of an entry's extra fields
constexpr uint32_t kInZip64 = UINT32_MAX;                 // a value that stands in that field
constexpr size_t kMaxEntries = 4096;

// Little-endian numbers; the caller has checked that they are inside.
uint16_t Read16(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] | bytes[1] << 8); }
uint32_t Read32(const uint8_t* bytes) {
  return Read16(bytes) | static_cast<uint32_t>(Read16(bytes + 2)) << 16;
}
uint64_t Read64(const uint8_t* bytes) {
  return Read32(bytes) | static_cast<uint64_t>(Read32(bytes + 4)) << 32;
}

// Where the central directory is.
struct Directory {
  uint64_t begin = 0;
  uint64_t size = 0;
  uint64_t entries = 0;
};

// One entry as the central directory has it.
struct CentralEntry {
  std::string name;
  uint64_t local_header = 0;
  uint64_t size = 0;
};

class ArchiveReader {
 public:
  ArchiveReader(const uint8_t* data, size_t size, const std::string& label)
      : data_(data), size_(size), label_(label) {}

  Result<std::map<std::string, ArchiveEntry>> Read() const {
    SOTTO_ASSIGN_OR_RETURN(const Directory directory, FindDirectory());
    std::map<std::string, ArchiveEntry> entries;
    std::vector<std::pair<uint64_t, uint64_t>> taken;  // from the local header to the data's end
    uint64_t at = directory.begin;
    const uint64_t end = directory.begin + directory.size;
    for (uint64_t i = 0; i < directory.entries; ++i) {
      SOTTO_ASSIGN_OR_RETURN(const CentralEntry entry, ReadCentral(&at, end));
      SOTTO_ASSIGN_OR_RETURN(const ArchiveEntry place, Locate(entry, directory.begin));
      if (!entries.emplace(entry.name, place).second) return Fault(entry.name, "is there twice");
      taken.emplace_back(entry.local_header, place.begin + place.size);
    }
    if (at != end) return Damaged("its directory is longer than its entries");
    std::sort(taken.begin(), taken.end());
    for (size_t i = 1; i < taken.size(); ++i) {
      if (taken[i].first < taken[i - 1].second) return Damaged("two of its entries share bytes");
    }
    return entries;
  }

 private:
  Error Damaged(const std::string& what) const {
    return Error{ErrorCode::kBundle, label_ + " is not an archive of a bundle, or is damaged: " +
                                         what + ". Fetch it again, or: sotto bundle pack DIR"};
  }

  Error Fault(const std::string& name, const std::string& what) const {
    return Damaged("its entry " + Printable(name) + " " + what);
  }

  // `size` bytes from `begin` on; null if they are not all there.
  const uint8_t* At(uint64_t begin, uint64_t size) const {
    return begin <= size_ && size <= size_ - begin ? data_ + begin : nullptr;
  }

  // The end record is the file's last 22 bytes: a bundle's archive has no comment.
  Result<Directory> FindDirectory() const {
    const uint8_t* end = size_ < kEndSize ? nullptr : At(size_ - kEndSize, kEndSize);
    if (end == nullptr || Read32(end) != kEnd || Read16(end + 20) != 0) {
      return Damaged("it does not end as a zip archive does");
    }
    Directory directory;
    directory.entries = Read16(end + 10);
    directory.size = Read32(end + 12);
    directory.begin = Read32(end + 16);
    uint64_t after = size_ - kEndSize;
    bool one_part =
        Read16(end + 4) == 0 && Read16(end + 6) == 0 && Read16(end + 8) == directory.entries;
    if (directory.entries == UINT16_MAX || directory.size == kInZip64 ||
        directory.begin == kInZip64) {
      const uint8_t* locator =
          after < kZip64LocatorSize ? nullptr : At(after - kZip64LocatorSize, kZip64LocatorSize);
      if (locator == nullptr || Read32(locator) != kZip64Locator) {
        return Damaged("its zip64 locator is missing");
      }
      const uint64_t record = Read64(locator + 8);
      const uint8_t* end64 = At(record, kZip64EndSize);
      if (end64 == nullptr || Read32(end64) != kZip64End) {
        return Damaged("its zip64 end is missing");
      }
      directory.entries = Read64(end64 + 32);
      directory.size = Read64(end64 + 40);
      directory.begin = Read64(end64 + 48);
      one_part = Read32(end64 + 16) == 0 && Read32(end64 + 20) == 0 &&
                 Read64(end64 + 24) == directory.entries;
      after = record;
    }
    if (!one_part) return Damaged("it is of several parts");
    if (directory.entries > kMaxEntries) return Damaged("it has more than 4096 entries");
    if (directory.begin > after || directory.size != after - directory.begin) {
      return Damaged("its directory is not where it says");
    }
    return directory;
  }

  // Reads the entry at *at, and moves on.
  Result<CentralEntry> ReadCentral(uint64_t* at, uint64_t end) const {
    const uint8_t* header =
        *at <= end && kCentralSize <= end - *at ? At(*at, kCentralSize) : nullptr;
    if (header == nullptr || Read32(header) != kCentralHeader) {
      return Damaged("its directory is cut short");
    }
    const size_t name_size = Read16(header + 28);
    const size_t extra_size = Read16(header + 30);
    const uint64_t size = kCentralSize + name_size + extra_size + Read16(header + 32);
    if (size > end - *at) return Damaged("its directory is cut short");
    CentralEntry entry;
    entry.name.assign(reinterpret_cast<const char*>(header) + kCentralSize, name_size);
    if (!StaysInside(entry.name)) {
      return Damaged("it has an entry whose name is not that of a file in a bundle");
    }
    if ((Read16(header + 8) & kEncrypted) != 0) return Fault(entry.name, "is encrypted");
    if (Read16(header + 10) != 0) {
      return Fault(entry.name, "is compressed, which keeps it from being read in place");
    }
    uint64_t packed = Read32(header + 20);
    entry.size = Read32(header + 24);
    entry.local_header = Read32(header + 42);
    if (!ReadZip64(header + kCentralSize + name_size, extra_size,
                   {&entry.size, &packed, &entry.local_header})) {
      return Fault(entry.name, "lacks its zip64 sizes");
    }
    if (packed != entry.size) return Fault(entry.name, "has two sizes");
    if (Read16(header + 34) != 0) return Fault(entry.name, "is in another part");
    *at += size;
    return entry;
  }

  // Gives the values that stand in the zip64 field, in its order, what stands there.
  static bool ReadZip64(const uint8_t* extra, size_t size,
                        std::initializer_list<uint64_t*> values) {
    const auto elsewhere = [](const uint64_t* value) { return *value == kInZip64; };
    if (std::none_of(values.begin(), values.end(), elsewhere)) return true;
    while (size >= 4) {
      const uint16_t id = Read16(extra);
      size_t left = Read16(extra + 2);
      if (left > size - 4) return false;
      if (id == kZip64Field) {
        const uint8_t* next = extra + 4;
        for (uint64_t* value : values) {
          if (!elsewhere(value)) continue;
          if (left < 8) return false;
          *value = Read64(next);
          next += 8;
          left -= 8;
        }
        return true;
      }
      extra += 4 + left;
      size -= 4 + left;
    }
    return false;
  }

  // The data begin behind the local header, whose extra field may be another than the directory's.
  // They end before the directory.
  Result<ArchiveEntry> Locate(const CentralEntry& entry, uint64_t directory) const {
    const uint8_t* header = At(entry.local_header, kLocalSize);
    if (header == nullptr || Read32(header) != kLocalHeader) {
      return Fault(entry.name, "is not where the directory says");
    }
    if ((Read16(header + 6) & kEncrypted) != 0 || Read16(header + 8) != 0) {
      return Fault(entry.name, "is not stored as the directory says");
    }
    const size_t name_size = Read16(header + 26);
    const uint64_t begin = entry.local_header + kLocalSize + name_size + Read16(header + 28);
    const uint8_t* name = At(entry.local_header + kLocalSize, name_size);
    if (name == nullptr || name_size != entry.name.size() ||
        std::memcmp(name, entry.name.data(), name_size) != 0) {
      return Fault(entry.name, "has another name in its own header");
    }
    if (begin > directory || entry.size > directory - begin) {
      return Fault(entry.name, "reaches beyond the archive's data");
    }
    return ArchiveEntry{static_cast<size_t>(begin), static_cast<size_t>(entry.size)};
  }

  const uint8_t* const data_;
  const size_t size_;
  const std::string& label_;
};

}  // namespace

Result<std::map<std::string, ArchiveEntry>> ReadArchive(const uint8_t* data, size_t size,
                                                        const std::string& label) {
  return ArchiveReader(data, size, label).Read();
}

bool StaysInside(const std::string& name) {
  std::string_view rest = name;
  if (rest.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const size_t end = rest.find('/');
    const std::string_view part = rest.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == std::string_view::npos) return true;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace sotto
