#include "sotto/bundle_files.h"

#include <doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "bundle/sha256.h"
#include "temporary_file.h"
#include "temporary_folder.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

struct Files : TemporaryFolder {
  void Write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(path() + "/" + name).parent_path());
    std::ofstream(path() + "/" + name, std::ios::binary) << content;
  }
};

std::string Hash(const std::string& bytes) {
  Sha256 hash;
  hash.Update(bytes.data(), bytes.size());
  return hash.HexDigest();
}

std::string Refusal(const BundleFiles& files, const std::string& name) {
  const auto file = files.Find(name);
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().code == ErrorCode::kBundle);
  return file.error().message;
}

// What a view of `content` under `name` must be.
void CheckView(const FileView& file, const std::string& name, const std::string& content) {
  CHECK(file.name() == name);
  CHECK(file.text() == content);
  CHECK(file.sha256() == Hash(content));
  CHECK(file.data() != nullptr);
  CHECK(reinterpret_cast<uintptr_t>(file.data()) % FileView::kAlignment == 0);
  CHECK(file.text() == content);  // hashing gives pages back, and they are read again
}

TEST_CASE("a directory gives its files, those in folders too") {
  const Files folder;
  const std::string large((size_t{3} << 20) + 17, 'x');
  folder.Write("a.npy", "table");
  folder.Write("npu/soc/b.tflite", large);
  folder.Write("empty", "");
  const auto files = BundleFiles::Open(folder.path());
  REQUIRE(files.ok());
  CHECK((*files)->label() == folder.path());
  CheckView(**(*files)->Find("a.npy"), "a.npy", "table");
  CheckView(**(*files)->Find("npu/soc/b.tflite"), "npu/soc/b.tflite", large);
  CheckView(**(*files)->Find("empty"), "empty", "");
  CHECK((*(*files)->Find("a.npy"))->label() == folder.path() + "/a.npy");
}

TEST_CASE("a file is opened once: what takes its place is not seen") {
  const Files folder;
  folder.Write("a", "old");
  const auto files = BundleFiles::Open(folder.path());
  REQUIRE(files.ok());
  const auto first = (*files)->Find("a");
  folder.Write("new", "new");
  fs::rename(folder.path() + "/new", folder.path() + "/a");
  const auto second = (*files)->Find("a");
  REQUIRE(second.ok());
  CHECK(*first == *second);
  CHECK((*second)->text() == "old");
  fs::remove(folder.path() + "/a");
  CHECK((*second)->sha256() == Hash("old"));
}

TEST_CASE("a directory that is replaced while it is read is read on") {
  const Files folder;
  folder.Write("bundle/a", "old a");
  folder.Write("bundle/b", "old b");
  folder.Write("other/b", "new b");
  const auto files = BundleFiles::Open(folder.path() + "/bundle");
  REQUIRE(files.ok());
  fs::rename(folder.path() + "/bundle", folder.path() + "/gone");
  fs::rename(folder.path() + "/other", folder.path() + "/bundle");
  CHECK((*(*files)->Find("b"))->text() == "old b");
}

TEST_CASE("names that lead out of the bundle, and files that are missing, are refused") {
  const Files folder;
  folder.Write("inside/a", "a");
  folder.Write("outside", "b");
  const auto files = BundleFiles::Open(folder.path() + "/inside");
  REQUIRE(files.ok());
  for (const std::string name : {"", ".", "..", "../outside", "/etc/hostname", "a/../../outside",
                                 "./a", "a//b", "a/", "/"}) {
    CAPTURE(name);
    CHECK(Refusal(**files, name).find("is not a file's") != std::string::npos);
  }
  CHECK(Refusal(**files, std::string("a\0b", 3)).find("is not a file's") != std::string::npos);
  CHECK(Refusal(**files, "b") == folder.path() + "/inside lacks b");
  CHECK((*files)->Find("a").ok());
}

TEST_CASE("what is no regular file is refused at once, a pipe without a writer too") {
  const Files folder;
  folder.Write("folder/a", "a");
  REQUIRE(mkfifo((folder.path() + "/pipe").c_str(), 0600) == 0);
  fs::create_symlink("/dev/zero", folder.path() + "/device");
  const auto files = BundleFiles::Open(folder.path());
  REQUIRE(files.ok());
  for (const std::string name : {"folder", "pipe", "device"}) {
    CAPTURE(name);
    CHECK(Refusal(**files, name) == folder.path() + "/" + name + " is not a regular file");
  }
  CHECK_FALSE(BundleFiles::Open(folder.path() + "/pipe").ok());
  CHECK_FALSE(BundleFiles::Open(folder.path() + "/none").ok());
  CHECK_FALSE(BundleFiles::Open("").ok());
}

TEST_CASE("links are followed, as model hubs keep files behind them") {
  const Files folder;
  folder.Write("blobs/0123", "content");
  fs::create_directory(folder.path() + "/snapshot");
  fs::create_symlink("../blobs/0123", folder.path() + "/snapshot/a");
  const auto files = BundleFiles::Open(folder.path() + "/snapshot");
  REQUIRE(files.ok());
  CHECK((*(*files)->Find("a"))->text() == "content");
}

TEST_CASE("descriptors give parts of files, at any offset, and may be closed then") {
  std::string content(20000, ' ');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
  const TemporaryFile file(content);
  const int descriptor = open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  std::map<std::string, FileRange> ranges;
  for (const uint64_t offset : {0, 1, 16, 4096, 5000, 8191, 19999, 20000}) {
    ranges[std::to_string(offset)] = {descriptor, offset, (20000 - offset) / 2};
  }
  ranges["beyond"] = {descriptor, 10000, 10001};
  ranges["far"] = {descriptor, UINT64_MAX, 1};
  ranges["long"] = {descriptor, 1, UINT64_MAX};
  ranges["closed"] = {-1, 0, 1};
  const auto files = BundleFiles::FromDescriptors("asset", ranges);
  for (const char* name : {"beyond", "far", "long"}) {
    CHECK(Refusal(*files, name).find("reaches beyond the end of its file") != std::string::npos);
  }
  CHECK(Refusal(*files, "closed").find("asset/closed has no open descriptor") == 0);
  CHECK(Refusal(*files, "none") == "asset lacks none");
  std::vector<std::pair<std::shared_ptr<const FileView>, FileRange>> views;
  for (const auto& [name, range] : ranges) {
    const auto view = files->Find(name);
    if (view.ok()) views.emplace_back(*view, range);
  }
  close(descriptor);
  CHECK(views.size() == 8);
  for (const auto& [view, range] : views) {
    CheckView(*view, view->name(), content.substr(range.offset, range.length));
  }
}

TEST_CASE("memory gives its files") {
  const auto files = BundleFiles::FromMemory("app", {{"a", "content"}, {"empty", ""}});
  CheckView(**files->Find("a"), "a", "content");
  CheckView(**files->Find("empty"), "empty", "");
  CHECK((*files->Find("a"))->label() == "app/a");
  CHECK(Refusal(*files, "b") == "app lacks b");
}

TEST_CASE("a part of a file outlives it") {
  auto whole = FileView::InMemory("whole", "0123456789abcdef0123");
  const auto aligned = whole->Part("a", "a", 16, 4);
  const auto other = whole->Part("b", "b", 3, 5);
  const auto empty = whole->Part("c", "c", 20, 0);
  whole.reset();
  CheckView(*aligned, "a", "0123");
  CheckView(*other, "b", "34567");
  CheckView(*empty, "c", "");
}

TEST_CASE("a single file is opened under its path") {
  const TemporaryFile file("content");
  const auto view = FileView::Open(file.path());
  REQUIRE(view.ok());
  CheckView(**view, file.path(), "content");
  for (const char* path : {"/nowhere", "/tmp"}) {
    const auto none = FileView::Open(path);
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().code == ErrorCode::kBundle);
    CHECK(none.error().message.find(path) == 0);
  }
}

}  // namespace
}  // namespace sotto
