#include "whisper/whisper_on_npu.h"

#include <utility>
#include <vector>

namespace sotto {

Result<WhisperBundle> OnNpu(WhisperBundle bundle, const NpuGraphs& npu) {
  std::vector<Window> windows;
  for (Window& window : bundle.windows) {
    if (!npu.Place(&window.encoder) || !npu.Place(&window.decoder)) continue;
    if (window.prefill && !npu.Place(&*window.prefill)) window.prefill.reset();
    if (window.alignment) npu.Place(&*window.alignment);
    windows.push_back(std::move(window));
  }
  if (windows.empty()) return npu.Lacking("window whose encoder and decoder were both");
  bundle.windows = std::move(windows);
  return bundle;
}

}  // namespace sotto
