#include "litert/weight_cache.h"

#include <cstdlib>
#include <utility>

#include "platform/memory_file.h"
#include "sotto/load_options.h"

namespace sotto {
namespace {

// Packed weights are at most twice the file (halves that become floats), and some padding.
size_t LargestPacked(size_t size) { return 4 * size + (64 << 20); }

}  // namespace

std::string DefaultWeightCache() {
  const char* own = std::getenv("SOTTO_WEIGHT_CACHE");
  if (own != nullptr) return own;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/sotto/weights";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/sotto/weights";
  return "";
}

std::shared_ptr<PackedWeights> WeightCache::Of(const std::string& sha256, size_t size) const {
  if (sha256.empty()) return std::make_shared<PackedWeights>(&files_, sha256, size);
  const std::lock_guard<std::mutex> turn(mutex_);
  std::weak_ptr<PackedWeights>& known = packed_[sha256];
  std::shared_ptr<PackedWeights> weights = known.lock();
  if (weights == nullptr) {
    weights = std::make_shared<PackedWeights>(&files_, sha256, size);
    known = weights;
  }
  return weights;
}

Result<void> PackedWeights::Use(const Compile& compile) {
  int descriptor = -1;
  {
    const std::lock_guard<std::mutex> turn(mutex_);
    if (!file_.ok()) file_ = files_->Find(sha256_);
    if (!file_.ok()) {
      FileDescriptor memory;
      if (FileSizeAllowed(LargestPacked(size_))) memory = CreateMemoryFile();
      descriptor = memory.ok() ? memory.Duplicate() : -1;
      Result<void> compiled = compile(descriptor);
      if (!compiled.ok()) {
        // Unless XNNPACK has taken and closed it.
        if (memory.ok() && memory.Is(descriptor)) FileDescriptor::Close(descriptor);
        return compiled;
      }
      if (memory.size() == 0 || !ForbidShrinking(memory)) return {};
      // Compiled once more, over the copy where there is one, as the system can take the disk's
      // pages back and share them with other processes, and XNNPACK keeps what it packs with.
      file_ = files_->Write(sha256_, memory);
      if (!file_.ok()) file_ = std::move(memory);
    }
    descriptor = file_.Duplicate();
  }
  return compile(descriptor);
}

}  // namespace sotto
