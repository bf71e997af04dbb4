// A bundle with a component of kind vad, as python/sotto/export/vad/silero.py makes it.

#ifndef SOTTO_SRC_VAD_VAD_BUNDLE_H_
#define SOTTO_SRC_VAD_VAD_BUNDLE_H_

#include <map>
#include <string>

#include "bundle/bundle_parts.h"
#include "sotto/error.h"

namespace sotto {

struct VadBundle {
  // Reads and checks it; `verify` as in WhisperBundle::Open. kBundle names the file, what is
  // wrong and how such a bundle is made.
  static Result<VadBundle> Open(const BundleFiles& files, bool verify);

  int context = 0;     // samples of the chunk before, heard before a chunk's own 512
  int reflected = 0;   // samples repeated backwards after them
  int state = 0;       // width of the two states
  Signature detector;  // samples [1, context + 512 + reflected], h [1, state], c -> probability
                       // [1, 1], new_h, new_c
  std::map<std::string, NpuFiles> npu;  // by SoC; their files are not opened by Open
};

}  // namespace sotto

#endif  // SOTTO_SRC_VAD_VAD_BUNDLE_H_
