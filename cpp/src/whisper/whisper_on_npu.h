// A Whisper whose graphs run on an NPU.

#ifndef SOTTO_SRC_WHISPER_WHISPER_ON_NPU_H_
#define SOTTO_SRC_WHISPER_WHISPER_ON_NPU_H_

#include "bundle/npu_files.h"
#include "sotto/error.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// The bundle with the windows whose encoder and decoder were compiled, at least one. Alignment that
// was not compiled stays on the CPU, over the same buffers; prompts run token by token where
// prefill was not. kBundle if no window is left.
Result<WhisperBundle> OnNpu(WhisperBundle bundle, const NpuGraphs& npu);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_ON_NPU_H_
