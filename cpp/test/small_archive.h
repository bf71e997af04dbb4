// A zip archive of stored entries, as sotto bundle pack writes it, for tests to damage.

#ifndef SOTTO_TEST_SMALL_ARCHIVE_H_
#define SOTTO_TEST_SMALL_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sotto {

class SmallArchive {
 public:
  // `alignment`: of where the data begin. `zip64`: sizes and places stand in the zip64 records,
  // as they would in a large archive.
  explicit SmallArchive(size_t alignment = 64, bool zip64 = false)
      : alignment_(alignment), zip64_(zip64) {}

  // `method`, `flags`: 0 are those of stored and plain entries.
  void Add(const std::string& name, const std::string& content, uint16_t method = 0,
           uint16_t flags = 0) {
    entries_.push_back({name, bytes_.size(), content.size(), method, flags});
    std::string extra;
    const size_t begin = bytes_.size() + 30 + name.size();
    if (begin % alignment_ != 0) {
      size_t missing = alignment_ - begin % alignment_;
      if (missing < 6) missing += alignment_;
      extra = Number(0xd935, 2) + Number(missing - 4, 2) + std::string(missing - 4, '\0');
    }
    bytes_ += Number(0x04034b50, 4) + Number(20, 2) + Number(flags, 2) + Number(method, 2) +
              Number(0, 8) + Number(content.size(), 4) + Number(content.size(), 4) +
              Number(name.size(), 2) + Number(extra.size(), 2) + name + extra + content;
  }

  // What Add of the same content would be, over the bytes of the entry before.
  void AddAgain(const std::string& name) {
    entries_.push_back(entries_.back());
    entries_.back().name = name;
  }

  std::string Finish() const {
    std::string directory;
    for (const Entry& entry : entries_) {
      std::string extra;
      if (zip64_) {
        extra = Number(1, 2) + Number(24, 2) + Number(entry.size, 8) + Number(entry.size, 8) +
                Number(entry.header, 8);
      }
      const uint64_t size = zip64_ ? UINT32_MAX : entry.size;
      directory += Number(0x02014b50, 4) + Number(20, 2) + Number(20, 2) + Number(entry.flags, 2) +
                   Number(entry.method, 2) + Number(0, 8) + Number(size, 4) + Number(size, 4) +
                   Number(entry.name.size(), 2) + Number(extra.size(), 2) + Number(0, 10) +
                   Number(zip64_ ? UINT32_MAX : entry.header, 4) + entry.name + extra;
    }
    std::string end;
    if (zip64_) {
      end = Number(0x06064b50, 4) + Number(44, 8) + Number(45, 2) + Number(45, 2) + Number(0, 8) +
            Number(entries_.size(), 8) + Number(entries_.size(), 8) + Number(directory.size(), 8) +
            Number(bytes_.size(), 8) + Number(0x07064b50, 4) + Number(0, 4) +
            Number(bytes_.size() + directory.size(), 8) + Number(1, 4);
    }
    const uint64_t count = zip64_ ? UINT16_MAX : entries_.size();
    end += Number(0x06054b50, 4) + Number(0, 4) + Number(count, 2) + Number(count, 2) +
           Number(zip64_ ? UINT32_MAX : directory.size(), 4) +
           Number(zip64_ ? UINT32_MAX : bytes_.size(), 4) + Number(0, 2);
    return bytes_ + directory + end;
  }

  // Little-endian, of any size.
  static std::string Number(uint64_t value, size_t size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i, value >>= 8) bytes += static_cast<char>(value);
    return bytes;
  }

 private:
  struct Entry {
    std::string name;
    size_t header;
    size_t size;
    uint16_t method;
    uint16_t flags;
  };

  const size_t alignment_;
  const bool zip64_;
  std::string bytes_;
  std::vector<Entry> entries_;
};

}  // namespace sotto

#endif  // SOTTO_TEST_SMALL_ARCHIVE_H_
