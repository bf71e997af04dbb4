#include "sotto/vad.h"

#include <doctest.h>

#include <memory>
#include <string>

#include "has.h"
#include "small_bundle.h"

namespace sotto {
namespace {

Result<std::shared_ptr<const VoiceActivityDetector>> Load(const std::string& directory) {
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
  return VoiceActivityDetector::Create(*files, {});
}

std::string Refusal(const std::string& directory) {
  const auto detector = Load(directory);
  REQUIRE_FALSE(detector.ok());
  CHECK(detector.error().code == ErrorCode::kBundle);
  return detector.error().message;
}

// What `sotto convert` writes for silero-vad, but for the graph.
SmallBundle::Json Manifest(const SmallBundle& files) {
  const Signature detect = {"detect",
                            nullptr,
                            {{"samples", {1, 640}}, {"h", {1, 128}}, {"c", {1, 128}}},
                            {{"probability", {1, 1}}, {"new_h", {1, 128}}, {"new_c", {1, 128}}}};
  SmallBundle::Json vad = {{"kind", "vad"}, {"context", 64}, {"reflected", 64}};
  vad["graphs"] = SmallBundle::Json::array({SmallBundle::Graph(detect)});
  SmallBundle::Json manifest = {{"schema", kSchema},
                                {"name", "silero-vad"},
                                {"family", "silero"},
                                {"precision", "fp32"},
                                {"files", files.manifest["files"]}};
  manifest["components"] = SmallBundle::Json::array({vad});
  return manifest;
}

TEST_CASE("a missing bundle, and one that finds no speech, are refused") {
  CHECK(Has(Refusal("/nowhere"), "/nowhere can't be opened"));
  const SmallBundle whisper;
  const std::string refusal = Refusal(whisper.path());
  CHECK(Has(refusal, "it has no component of kind vad"));
  CHECK(Has(refusal, "sotto convert silero-vad"));
}

TEST_CASE("every value of a vad manifest has a range") {
  struct Case {
    const char* pointer;
    SmallBundle::Json value;
    const char* message;
  };
  for (const Case& fault :
       {Case{"/components/0/context", -1, "context is -1"},
        Case{"/components/0/context", 32, "detect has samples of shape [1, 640]"},
        Case{"/components/0/reflected", 576, "reflected is above the samples that there are"},
        Case{"/components/0/graphs", SmallBundle::Json::array(),
             "its vad has no graphs (step 1 alone"},
        Case{"/components/0/graphs/0/inputs", SmallBundle::Json::array(), "no state h"},
        Case{"/components/0/graphs/0/outputs", SmallBundle::Json::array(),
             "has 0 tensors on one side"},
        Case{"/files/graphs.tflite/size", 1, "graphs.tflite has 28 bytes, its manifest says 1"}}) {
    CAPTURE(std::string(fault.pointer));
    SmallBundle bundle;
    bundle.manifest = Manifest(bundle);
    bundle.manifest[SmallBundle::Json::json_pointer(fault.pointer)] = fault.value;
    bundle.Write();
    const std::string refusal = Refusal(bundle.path());
    CAPTURE(refusal);
    CHECK(Has(refusal, fault.message));
  }
}

TEST_CASE("threads out of range are refused before anything is opened") {
  for (const int threads : {-1, 1025}) {
    LoadOptions options;
    options.threads = threads;
    const auto detector =
        VoiceActivityDetector::Create(*BundleFiles::FromMemory("nowhere", {}), options);
    REQUIRE_FALSE(detector.ok());
    CHECK(detector.error().code == ErrorCode::kOption);
  }
}

}  // namespace
}  // namespace sotto
