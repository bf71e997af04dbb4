// How a bundle is loaded, whatever its kind.

#ifndef SOTTO_LOAD_OPTIONS_H_
#define SOTTO_LOAD_OPTIONS_H_

#include <string>

#include "sotto/error.h"

namespace sotto {

struct LoadOptions {
  int threads = 0;      // of the CPU kernels; 0: as many as there are big cores, 4 at most
  bool verify = true;   // check the sha256 of the bundle's files
  std::string library;  // libLiteRt.so; empty: $SOTTO_LITERT, then the system's
  // A directory, made if need be, where weights are kept as the kernels want them: the next start
  // maps them, which takes less time and memory. Some bundle's size on disk. Empty: nowhere.
  std::string weight_cache;
  // "cpu"; "npu", which is kDevice where it can't be had; or "auto": the NPU, else the CPU, and
  // the model's fallback() says why. The bundle must have been compiled for the NPU (step 3).
  std::string accelerator = "cpu";
  std::string soc;  // whose files to take, such as "mt6991"; empty: this machine's
  // The folder of LiteRT's dispatch library for the NPU; empty: $SOTTO_DISPATCH, then on Android
  // the app's native libraries. One library a process.
  std::string dispatch;

  // kOption, naming the option and its range.
  Result<void> Validate() const;
};

// $SOTTO_WEIGHT_CACHE, empty or not; else where other programs keep such things:
// $XDG_CACHE_HOME/sotto/weights, or that under ~/.cache; empty where neither is known.
std::string DefaultWeightCache();

}  // namespace sotto

#endif  // SOTTO_LOAD_OPTIONS_H_
