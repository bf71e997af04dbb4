#include "litert/weight_cache.h"

#include <doctest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "sotto/load_options.h"

namespace sotto {
namespace {

namespace fs = std::filesystem;

const std::string kSha256(64, 'a');

class Folder {
 public:
  Folder() {
    const char* root = getenv("TMPDIR");
    path_ = std::string(root != nullptr ? root : "/tmp") + "/sotto-weights-XXXXXX";
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string Unquoted(const WeightCache::Entry& entry) {
  const std::string quoted = entry.quoted_path();
  return quoted.substr(1, quoted.size() - 2);
}

TEST_CASE("without a directory, or without a hash, nothing is kept") {
  CHECK_FALSE(WeightCache("", "").Find(kSha256).usable());
  const Folder folder;
  CHECK_FALSE(WeightCache(folder.path(), "").Find("").usable());
}

TEST_CASE("an entry is found by the next only when it was kept, and is never seen in part") {
  const Folder folder;
  const WeightCache cache(folder.path() + "/made/for/it", "");
  WeightCache::Entry first = cache.Find(kSha256);
  WeightCache::Entry second = cache.Find(kSha256);
  REQUIRE(first.usable());
  CHECK(Unquoted(first) != Unquoted(second));
  std::ofstream(Unquoted(first)) << "first";
  std::ofstream(Unquoted(second)) << "second";
  first.Keep();
  const WeightCache::Entry kept = cache.Find(kSha256);
  CHECK(Unquoted(kept).rfind(folder.path() + "/made/for/it/" + std::string(32, 'a'), 0) == 0);
  second.Discard();
  CHECK(fs::exists(Unquoted(kept)));
  CHECK_FALSE(fs::exists(Unquoted(second)));
}

TEST_CASE("another library has files of its own") {
  const Folder folder;
  const WeightCache one(folder.path(), "");
  const WeightCache other(folder.path(), "/proc/self/exe");
  WeightCache::Entry entry = one.Find(kSha256);
  std::ofstream(Unquoted(entry)) << "text";
  entry.Keep();
  CHECK(Unquoted(other.Find(kSha256)) != Unquoted(one.Find(kSha256)));
}

TEST_CASE("what was not used for weeks goes when something new comes") {
  const Folder folder;
  const WeightCache cache(folder.path(), "");
  const auto keep = [&](char digit) {
    WeightCache::Entry entry = cache.Find(std::string(64, digit));
    std::ofstream(Unquoted(entry)) << "text";
    entry.Keep();
    return Unquoted(cache.Find(std::string(64, digit)));
  };
  const std::string used = keep('b');
  const std::string unused = keep('c');
  const std::string another = folder.path() + "/notes.txt";
  std::ofstream(another) << "not ours";
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24 * 15);
  for (const std::string& path : {used, unused, another}) fs::last_write_time(path, old);
  CHECK(cache.Find(std::string(64, 'b')).usable());
  const std::string added = keep('d');
  CHECK(fs::exists(used));
  CHECK(fs::exists(another));
  CHECK(fs::exists(added));
  CHECK_FALSE(fs::exists(unused));
}

TEST_CASE("what can't be used goes") {
  const Folder folder;
  const WeightCache cache(folder.path(), "");
  WeightCache::Entry entry = cache.Find(kSha256);
  std::ofstream(Unquoted(entry)) << "text";
  entry.Keep();
  cache.Find(kSha256).Discard();
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a path is quoted for TOML") {
  const Folder folder;
  const WeightCache cache(folder.path() + "/a\"b\\c", "");
  CHECK(cache.Find(kSha256).quoted_path().find("/a\\\"b\\\\c/") != std::string::npos);
}

TEST_CASE("the environment says where, or nowhere") {
  setenv("SOTTO_WEIGHT_CACHE", "/here", 1);
  CHECK(DefaultWeightCache() == "/here");
  setenv("SOTTO_WEIGHT_CACHE", "", 1);
  CHECK(DefaultWeightCache().empty());
  unsetenv("SOTTO_WEIGHT_CACHE");
  setenv("XDG_CACHE_HOME", "/cache", 1);
  CHECK(DefaultWeightCache() == "/cache/sotto/weights");
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace sotto
