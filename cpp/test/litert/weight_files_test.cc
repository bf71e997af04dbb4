#include "litert/weight_files.h"

#include <doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "platform/memory_file.h"
#include "temporary_folder.h"

#ifdef __linux__
#include <sys/mount.h>
#endif

namespace sotto {
namespace {

namespace fs = std::filesystem;

const std::string kModelSha256(64, 'a');

FileDescriptor Packed(const std::string& content) {
  FileDescriptor file = CreateMemoryFile();
  REQUIRE(file.ok());
  REQUIRE(write(file.number(), content.data(), content.size()) ==
          static_cast<ssize_t>(content.size()));
  return file;
}

// Not of one value, and larger than a piece.
std::string Content() {
  std::string content(3 << 20, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i >> 7);
  return content;
}

std::string ContentOf(const FileDescriptor& file) {
  std::string content;
  char piece[4096];
  for (off_t at = 0;;) {
    const ssize_t read = pread(file.number(), piece, sizeof(piece), at);
    if (read <= 0) return content;
    content.append(piece, static_cast<size_t>(read));
    at += read;
  }
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(folder)) names.push_back(file.path().string());
  return names;
}

// Whether a child that runs `body` ended by itself, with success.
template <typename Body>
bool InChild(const Body& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("without a directory, or without a hash, nothing is kept") {
  const FileDescriptor packed = Packed("text");
  CHECK_FALSE(WeightFiles("", "").Write(kModelSha256, packed).ok());
  CHECK_FALSE(WeightFiles("", "").Find(kModelSha256).ok());
  const TemporaryFolder folder;
  CHECK_FALSE(WeightFiles(folder.path(), "").Write("", packed).ok());
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("what was written is found, also by the next process, and can't be written to") {
  const TemporaryFolder folder;
  const std::string directory = folder.path() + "/made/for/it";
  const WeightFiles files(directory, "");
  CHECK_FALSE(files.Find(kModelSha256).ok());
  const std::string content = Content();
  const FileDescriptor written = files.Write(kModelSha256, Packed(content));
  const FileDescriptor found = WeightFiles(directory, "").Find(kModelSha256);
  for (const FileDescriptor* file : {&written, &found}) {
    REQUIRE(file->ok());
    CHECK(ContentOf(*file) == content);
    CHECK(ftruncate(file->number(), 0) != 0);
  }
  CHECK(NamesIn(directory).size() == 1);
  CHECK_FALSE(files.Find(std::string(64, 'b')).ok());
}

TEST_CASE("another library has files of its own") {
  const TemporaryFolder folder;
  CHECK(WeightFiles(folder.path(), "").Write(kModelSha256, Packed("text")).ok());
  CHECK_FALSE(WeightFiles(folder.path(), "/proc/self/exe").Find(kModelSha256).ok());
}

TEST_CASE("a damaged file is removed, however it was damaged, and made anew") {
  const std::string content = Content();
  const auto overwrite = [](const std::string& path, off_t at, const std::string& bytes) {
    const FileDescriptor file(open(path.c_str(), O_WRONLY));
    return pwrite(file.number(), bytes.data(), bytes.size(), at) ==
           static_cast<ssize_t>(bytes.size());
  };
  const std::vector<std::pair<const char*, std::function<bool(const std::string&)>>> damages = {
      {"one bit", [&](auto& path) { return overwrite(path, 77, {char(content[77] ^ 1)}); }},
      {"64 KB", [&](auto& path) { return overwrite(path, 1 << 20, std::string(64 << 10, 'x')); }},
      {"a page of zeros", [&](auto& path) { return overwrite(path, 4096, std::string(4096, 0)); }},
      {"zeros alone", [&](auto& path) { return overwrite(path, 0, std::string(3 << 20, 0)); }},
      {"cut short", [](auto& path) { return truncate(path.c_str(), 1 << 20) == 0; }},
      {"longer", [&](auto& path) { return overwrite(path, 3 << 20, "x"); }},
      {"empty", [](auto& path) { return truncate(path.c_str(), 0) == 0; }},
  };
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  for (const auto& [name, damage] : damages) {
    CAPTURE(name);
    REQUIRE(files.Write(kModelSha256, Packed(content)).ok());
    REQUIRE(damage(NamesIn(folder.path()).front()));
    CHECK_FALSE(files.Find(kModelSha256).ok());
    CHECK(fs::is_empty(folder.path()));
  }
}

TEST_CASE("what is no file of ours is left alone") {
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  REQUIRE(files.Write(kModelSha256, Packed("text")).ok());
  const std::string path = NamesIn(folder.path()).front();
  fs::rename(path, path + ".kept");
  fs::create_directory(path);
  CHECK_FALSE(files.Find(kModelSha256).ok());  // a directory
  fs::remove(path);
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK_FALSE(files.Find(kModelSha256).ok());  // a pipe, which is not waited for
}

TEST_CASE("what was not used for weeks goes when something new comes") {
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  const auto keep = [&](char digit) {
    REQUIRE(files.Write(std::string(64, digit), Packed("text")).ok());
  };
  keep('b');
  keep('c');
  const std::string another = folder.path() + "/notes.txt";
  std::ofstream(another) << "not ours";
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24 * 15);
  for (const std::string& path : NamesIn(folder.path())) fs::last_write_time(path, old);
  CHECK(files.Find(std::string(64, 'b')).ok());
  keep('d');
  CHECK(files.Find(std::string(64, 'b')).ok());
  CHECK(files.Find(std::string(64, 'd')).ok());
  CHECK_FALSE(files.Find(std::string(64, 'c')).ok());
  CHECK(fs::exists(another));
}

TEST_CASE("a half-written file goes once its process is gone, and not before") {
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  const std::string partial = folder.path() + "/abc.xnnpack.partial-XyZ123";
  std::ofstream(partial) << "half";
  FileDescriptor writer(open(partial.c_str(), O_WRONLY));
  REQUIRE(flock(writer.number(), LOCK_EX) == 0);
  CHECK_FALSE(files.Find(kModelSha256).ok());
  CHECK(fs::exists(partial));
  writer = FileDescriptor();
  CHECK_FALSE(files.Find(kModelSha256).ok());
  CHECK_FALSE(fs::exists(partial));
}

TEST_CASE("a directory that can't be made is no error") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "text";
  const WeightFiles files(folder.path() + "/file/below", "");
  CHECK_FALSE(files.Write(kModelSha256, Packed("text")).ok());
  CHECK_FALSE(files.Find(kModelSha256).ok());
}

TEST_CASE("a limit on file sizes ends nothing, and nothing is left") {
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  const FileDescriptor packed = Packed(Content());
  CHECK(InChild([&] {
    const rlimit limit{1 << 20, 1 << 20};
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 && !FileSizeAllowed(2 << 20) &&
           FileSizeAllowed(1 << 20) && !files.Write(kModelSha256, packed).ok();
  }));
  CHECK(fs::is_empty(folder.path()));
}

#ifdef __linux__
TEST_CASE("a full disk is no error, and nothing is left on it") {
  const TemporaryFolder folder;
  if (mount("none", folder.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    MESSAGE("left out: mounting needs a privilege that this process lacks");
    return;
  }
  const WeightFiles files(folder.path() + "/weights", "");
  CHECK_FALSE(files.Write(kModelSha256, Packed(Content())).ok());
  CHECK(fs::is_empty(folder.path() + "/weights"));
  CHECK(files.Write(kModelSha256, Packed("it has room for this")).ok());
  CHECK(umount2(folder.path().c_str(), MNT_DETACH) == 0);
}
#endif

TEST_CASE("a process that is killed while it writes leaves a whole file or none") {
  const TemporaryFolder folder;
  const WeightFiles files(folder.path(), "");
  const FileDescriptor packed = Packed(Content());
  for (useconds_t wait = 0; wait < 15000; wait += 1000) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) files.Write(kModelSha256, packed);
    }
    usleep(wait);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const FileDescriptor found = files.Find(kModelSha256);
    if (found.ok()) CHECK(ContentOf(found) == Content());
    CHECK(NamesIn(folder.path()).size() == (found.ok() ? 1 : 0));
    for (const std::string& path : NamesIn(folder.path())) fs::remove(path);
  }
}

}  // namespace
}  // namespace sotto
