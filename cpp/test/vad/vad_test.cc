#include "sotto/vad.h"

#include <doctest.h>

#include <string>

#include "small_bundle.h"

namespace sotto {
namespace {

Result<std::shared_ptr<const VoiceActivityDetector>> Create(const std::string& directory) {
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
  return VoiceActivityDetector::Create(*files, {});
}

std::string Refusal(const std::string& directory) {
  const auto detector = Create(directory);
  REQUIRE_FALSE(detector.ok());
  CHECK(detector.error().code == ErrorCode::kBundle);
  CHECK(detector.error().message.find("--model silero-vad") != std::string::npos);
  return detector.error().message;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What step 2 writes for silero-vad, but for the graph.
SmallBundle::Json Manifest(const SmallBundle& files) {
  const auto spec = [](const char* name, int a, int b) {
    return SmallBundle::Json{{"name", name}, {"shape", {a, b}}, {"dtype", "float32"}};
  };
  SmallBundle::Json manifest = {{"schema", kSchema},
                                {"kind", "vad"},
                                {"chunk", {{"samples", 512}, {"context", 64}, {"reflected", 64}}},
                                {"state", 128},
                                {"detector", "detect"},
                                {"files", files.manifest["files"]}};
  manifest["signatures"]["detect"] = {
      {"file", "graphs.tflite"},
      {"inputs", {spec("samples", 1, 640), spec("h", 1, 128), spec("c", 1, 128)}},
      {"outputs", {spec("probability", 1, 1), spec("new_h", 1, 128), spec("new_c", 1, 128)}}};
  return manifest;
}

TEST_CASE("a missing bundle, and one of another kind, are refused with the way to make one") {
  CHECK(Has(Refusal("/nowhere"), "manifest.json can't be read"));
  const SmallBundle whisper;
  CHECK(Has(Refusal(whisper.path()), "its kind is not vad"));
}

TEST_CASE("every value of a vad manifest has a range") {
  struct Case {
    const char* pointer;
    SmallBundle::Json value;
    const char* message;
  };
  for (const Case& fault :
       {Case{"/chunk/samples", 256, "a chunk has 256 samples, expected 512"},
        Case{"/chunk/context", -1, "context is -1"},
        Case{"/chunk/reflected", 576, "more samples are reflected than there are"},
        Case{"/chunk", 3, "samples is missing"},
        Case{"/state", 0, "state is 0, expected an integer from 1"},
        Case{"/state", 64, "signature detect has h of shape [1, 128], its dims need [1, 64]"},
        Case{"/detector", "hear", "it has no signature hear"},
        Case{"/signatures/detect/outputs", SmallBundle::Json::array(), "has 0 tensors on one side"},
        Case{"/files/graphs.tflite/size", 1, "graphs.tflite has 28 bytes, its manifest says 1"}}) {
    CAPTURE(fault.pointer);
    SmallBundle bundle;
    bundle.manifest = Manifest(bundle);
    bundle.manifest[SmallBundle::Json::json_pointer(fault.pointer)] = fault.value;
    bundle.Write();
    CHECK(Has(Refusal(bundle.path()), fault.message));
  }
}

TEST_CASE("threads out of range are refused before anything is opened") {
  for (const int threads : {0, -1, 1025}) {
    VadLoadOptions options;
    options.threads = threads;
    const auto detector =
        VoiceActivityDetector::Create(*BundleFiles::FromMemory("nowhere", {}), options);
    REQUIRE_FALSE(detector.ok());
    CHECK(detector.error().code == ErrorCode::kOption);
  }
}

}  // namespace
}  // namespace sotto
