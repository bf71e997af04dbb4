#include "litert/weight_cache.h"

#include <doctest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sotto/load_options.h"
#include "temporary_folder.h"

namespace sotto {
namespace {

const std::string kSha256(64, 'a');

// What XNNPACK does with a descriptor: packs into an empty file, else maps.
struct Kernels {
  std::atomic<int> packed{0};
  std::atomic<int> mapped{0};
  std::atomic<int> alone{0};

  Result<void> Compile(int descriptor) {
    if (descriptor < 0) {
      ++alone;
      return {};
    }
    const FileDescriptor file(descriptor);
    struct stat status{};
    REQUIRE(fstat(descriptor, &status) == 0);
    if (status.st_size > 0) {
      ++mapped;
      return {};
    }
    ++packed;
    if (write(descriptor, "weights", 7) != 7) return Error{ErrorCode::kModel, "not written"};
    return {};
  }
  PackedWeights::Compile compile() {
    return [this](int descriptor) { return Compile(descriptor); };
  }
};

TEST_CASE("weights are packed once, kept, and mapped from then on") {
  const TemporaryFolder folder;
  Kernels kernels;
  for (int run = 1; run <= 3; ++run) {
    const WeightCache cache(folder.path(), "");
    REQUIRE(cache.Of(kSha256, 100)->Use(kernels.compile()).ok());
    CHECK(kernels.packed == 1);
    CHECK(kernels.mapped == run);  // the first run, too, once its weights are on the disk
  }
}

TEST_CASE("without a directory all share the weights in memory while one has them") {
  const WeightCache cache("", "");
  Kernels kernels;
  {
    const auto first = cache.Of(kSha256, 100);
    REQUIRE(first->Use(kernels.compile()).ok());
    REQUIRE(cache.Of(kSha256, 100)->Use(kernels.compile()).ok());
    CHECK(cache.Of(kSha256, 100) == first);
    CHECK(cache.Of(std::string(64, 'b'), 100) != first);
  }
  CHECK(kernels.packed == 1);
  CHECK(kernels.mapped == 2);
  REQUIRE(cache.Of(kSha256, 100)->Use(kernels.compile()).ok());
  CHECK(kernels.packed == 2);
}

TEST_CASE("what has no hash shares nothing") {
  const WeightCache cache("", "");
  CHECK(cache.Of("", 100) != cache.Of("", 100));
}

TEST_CASE("several that come at once wait for the one that packs") {
  const WeightCache cache("", "");
  Kernels kernels;
  const auto slow = [&](int descriptor) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return kernels.Compile(descriptor);
  };
  const auto weights = cache.Of(kSha256, 100);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { CHECK(cache.Of(kSha256, 100)->Use(slow).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(kernels.packed == 1);
  CHECK(kernels.mapped == 8);
}

TEST_CASE("shared weights can't be made shorter") {
  const WeightCache cache("", "");
  Kernels kernels;
  const auto weights = cache.Of(kSha256, 100);
  REQUIRE(weights->Use(kernels.compile()).ok());
  const auto shorten = [](int descriptor) -> Result<void> {
    const FileDescriptor file(descriptor);
    CHECK(ftruncate(descriptor, 0) != 0);
    return {};
  };
  CHECK(weights->Use(shorten).ok());
}

TEST_CASE("what does not compile is told, leaves no descriptor open, and is tried anew") {
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const WeightCache cache("", "");
  const auto weights = cache.Of(kSha256, 100);
  const auto before = open_descriptors();
  const Result<void> refused = weights->Use([](int) { return Error{ErrorCode::kModel, "no"}; });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "no");
  CHECK(open_descriptors() == before);
  Kernels kernels;
  CHECK(weights->Use(kernels.compile()).ok());
  CHECK(kernels.packed == 1);
}

TEST_CASE("where no file of that size may be written, each packs for itself") {
  Kernels kernels;
  const WeightCache cache("", "");
  const rlimit limit{1 << 20, RLIM_INFINITY};
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const auto weights = cache.Of(kSha256, 100);
  CHECK(weights->Use(kernels.compile()).ok());
  CHECK(weights->Use(kernels.compile()).ok());
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(kernels.alone == 2);
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
