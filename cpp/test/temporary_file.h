// A file that is there for one test.

#ifndef SOTTO_TEST_TEMPORARY_FILE_H_
#define SOTTO_TEST_TEMPORARY_FILE_H_

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>

namespace sotto {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    const char* folder = getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/sotto-test-XXXXXX";
    const int fd = mkstemp(path_.data());
    if (fd >= 0) close(fd);
    Write(bytes);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }

  const std::string& path() const { return path_; }

  // Replaces the content.
  void Write(const std::string& bytes) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    if (file == nullptr) return;
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  }

 private:
  std::string path_;
};

// `bytes` with a few bytes changed, cut out, put in or cut off, as the generator falls.
inline std::string Mutate(std::string bytes, std::mt19937* random) {
  const auto below = [random](size_t n) { return static_cast<size_t>((*random)() % n); };
  for (size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
    const size_t at = below(bytes.size());
    switch (below(5)) {
      case 0:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      case 3:
        bytes.insert(at, 1 + below(4), static_cast<char>(below(2) == 0 ? 0xff : '9'));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

}  // namespace sotto

#endif  // SOTTO_TEST_TEMPORARY_FILE_H_
