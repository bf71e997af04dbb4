// A directory that is there for one test.

#ifndef SOTTO_TEST_TEMPORARY_FOLDER_H_
#define SOTTO_TEST_TEMPORARY_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace sotto {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* root = getenv("TMPDIR");
    path_ = std::string(root != nullptr ? root : "/tmp") + "/sotto-test-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sotto

#endif  // SOTTO_TEST_TEMPORARY_FOLDER_H_
