// A manifest of any kind of bundle: what is read of it fits together, or is refused.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bundle/npu_files.h"
#include "checked_message.h"
#include "embed/embedding_bundle.h"
#include "sotto/bundle_files.h"
#include "vad/vad_bundle.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_on_npu.h"

namespace {

// The manifest, and three bytes under every other name: the examples list files of that size.
class ManifestAlone : public sotto::BundleFiles {
 public:
  explicit ManifestAlone(std::string text)
      : BundleFiles("bundle"), manifest_(sotto::FileView::InMemory("manifest.json", text)) {}

 private:
  sotto::Result<std::shared_ptr<const sotto::FileView>> Load(
      const std::string& name) const override {
    if (name == "manifest.json") return manifest_;
    return sotto::FileView::InMemory(name, "abc");
  }

  const std::shared_ptr<const sotto::FileView> manifest_;
};

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckWindows(const sotto::WhisperBundle& bundle) {
  Check(!bundle.windows.empty());
  for (const sotto::Window& window : bundle.windows) {
    Check(window.seconds > 0 && window.frames > 0);
    Check(window.encoder.file != nullptr && window.decoder.file != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ManifestAlone files(std::string(reinterpret_cast<const char*>(data), size));
  const auto whisper = sotto::WhisperBundle::Open(files, /*verify=*/false);
  if (sotto::Accepted(whisper)) {
    CheckWindows(*whisper);
    for (const auto& [soc, npu] : whisper->npu) {
      const auto graphs = sotto::NpuGraphs::Open(files, npu, /*verify=*/false);
      if (!sotto::Accepted(graphs)) continue;
      const auto placed = sotto::OnNpu(*whisper, *graphs);
      if (sotto::Accepted(placed)) CheckWindows(*placed);
    }
  }
  const auto vad = sotto::VadBundle::Open(files, /*verify=*/false);
  if (sotto::Accepted(vad)) Check(vad->state > 0 && vad->detector.file != nullptr);
  const auto encoders = sotto::EmbeddingBundle::Open(files, /*verify=*/false);
  if (sotto::Accepted(encoders)) Check(encoders->dimensions > 0);
  return 0;
}
