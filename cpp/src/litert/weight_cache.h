// Weights in the layout of this machine's kernels: packed once, shared by all that run them.
//
// XNNPACK packs weights when a graph is compiled, into a file that it then maps. It ends the
// process if it can't write that file, so that it is given one in memory, which can't fail for
// want of a disk. A copy goes to the disk (weight_files.h) for the next runs, which map that.

#ifndef SOTTO_SRC_LITERT_WEIGHT_CACHE_H_
#define SOTTO_SRC_LITERT_WEIGHT_CACHE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "litert/weight_files.h"
#include "platform/file_descriptor.h"
#include "sotto/error.h"

namespace sotto {

// The packed weights of one .tflite. For any number of threads.
class PackedWeights {
 public:
  // Compiles the .tflite over packed weights in a descriptor, which becomes XNNPACK's: it packs
  // into an empty file, and maps another. Negative: there is no file, and it packs for itself
  // alone. What an earlier call made is to be let go.
  using Compile = std::function<Result<void>(int descriptor)>;

  // `files` outlives it; `size` is the .tflite's, in bytes.
  PackedWeights(const WeightFiles* files, std::string sha256, size_t size)
      : files_(files), sha256_(std::move(sha256)), size_(size) {}

  // Calls `compile`: the first caller packs, while the others wait for its weights. The weights
  // stay for the next as long as this object is there.
  Result<void> Use(const Compile& compile);

 private:
  const WeightFiles* const files_;
  const std::string sha256_;
  const size_t size_;
  std::mutex mutex_;     // over what follows; held while weights are packed
  FileDescriptor file_;  // none: not packed yet
};

class WeightCache {
 public:
  // As WeightFiles.
  WeightCache(const std::string& directory, const std::string& library)
      : files_(directory, library) {}

  // Of the .tflite with this sha256, which has `size` bytes: the same for all that ask while
  // anybody has it. It must not outlive the cache. Without a sha256, weights of its own.
  std::shared_ptr<PackedWeights> Of(const std::string& sha256, size_t size) const;

 private:
  const WeightFiles files_;
  mutable std::mutex mutex_;  // over what follows
  mutable std::map<std::string, std::weak_ptr<PackedWeights>> packed_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_WEIGHT_CACHE_H_
