#include "bundle/npu_files.h"

#include <doctest.h>

#include <random>
#include <string>

#include "has.h"
#include "small_bundle.h"
#include "temporary_file.h"
#include "whisper/whisper_on_npu.h"

namespace sotto {
namespace {

using Json = SmallBundle::Json;

// With its graphs compiled for one SoC, all but alignment.
struct CompiledBundle : SmallBundle {
  CompiledBundle() {
    std::filesystem::create_directories(path() + "/npu/mt6991");
    WriteFile(kFile, "code");
    manifest["files"][kFile] = FileEntry("code");
    Soc() = {{"format", "litert"},
             {"compiler", "neuron"},
             {"sdk", "8.2.24"},
             {"files", {{"graphs.tflite", kFile}}},
             {"signatures", {"encode_1s", "decode_1s"}}};
    Write();
  }

  Json& Soc() { return manifest["npu"]["mt6991"]; }

  static constexpr char kFile[] = "npu/mt6991/graphs.tflite";
};

std::string Refusal(const CompiledBundle& bundle) {
  bundle.Write();
  const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path());
  if (opened.ok()) return "";
  CHECK(opened.error().code == ErrorCode::kBundle);
  CHECK(opened.error().message.find(bundle.path() + "/manifest.json") == 0);
  return opened.error().message;
}

Result<WhisperBundle> PlacedOnNpu(const CompiledBundle& small, bool verify = true) {
  small.Write();
  const auto files = BundleFiles::Open(small.path());
  REQUIRE(files.ok());
  const Result<WhisperBundle> bundle = WhisperBundle::Open(**files);
  REQUIRE(bundle.ok());
  SOTTO_ASSIGN_OR_RETURN(const NpuGraphs npu,
                         NpuGraphs::Open(**files, bundle->npu.at("mt6991"), verify));
  return OnNpu(*bundle, npu);
}

TEST_CASE("what was compiled for a SoC is read with all its values") {
  const CompiledBundle small;
  const Result<WhisperBundle> bundle = SmallBundle::Open(small.path());
  REQUIRE(bundle.ok());
  REQUIRE(bundle->npu.size() == 1);
  const NpuFiles& npu = bundle->npu.at("mt6991");
  CHECK(npu.soc == "mt6991");
  CHECK(npu.format == "litert");
  CHECK(npu.compiler == "neuron");
  CHECK(npu.sdk == "8.2.24");
  CHECK(npu.files.at("graphs.tflite").name == CompiledBundle::kFile);
  CHECK(npu.files.at("graphs.tflite").size == 4);
  CHECK(npu.signatures == std::set<std::string>{"decode_1s", "encode_1s"});
}

TEST_CASE("a bundle without the section has no files for an NPU") {
  const SmallBundle small;
  const Result<WhisperBundle> bundle = SmallBundle::Open(small.path());
  REQUIRE(bundle.ok());
  CHECK(bundle->npu.empty());
}

TEST_CASE("files of an NPU need not be there where the CPU is used") {
  const CompiledBundle small;
  std::filesystem::remove(small.path() + "/" + CompiledBundle::kFile);
  CHECK(SmallBundle::Open(small.path()).ok());
}

TEST_CASE("a section that is malformed is told by what is wrong in it") {
  const struct {
    const char* key;
    Json value;
    std::string fault;
  } kFaults[] = {
      {"format", "elf", "format of an NPU's files is \"elf\", expected \"litert\" or \"dla\""},
      {"format", nullptr, "format is null"},
      {"compiler", "gcc", "compiler of an NPU's files is \"gcc\""},
      {"sdk", "new", "sdk of mt6991 is no version: \"new\""},
      {"sdk", 8, "sdk is 8, expected a string"},
      {"files", Json::array(), "files of mt6991 is not a table"},
      {"files", Json::object(), "files of mt6991 is not a table"},
      {"files", Json::object({{"graphs.tflite", "../code"}}),
       "graphs.tflite is \"../code\", expected the name"},
      {"files", Json::object({{"graphs.tflite", "npu/other"}}), "files does not list npu/other"},
      {"files", Json::object({{"graphs.tflite", 1}}), "graphs.tflite is 1, expected a string"},
      {"signatures", "encode_1s", "signatures of mt6991 is not a list"},
      {"signatures", Json::array({"encode_2s"}),
       "signatures of mt6991 holds one that the bundle has not"},
      {"signatures", Json::array({1}), "signatures of mt6991 holds one that the bundle has not"},
  };
  for (const auto& fault : kFaults) {
    CAPTURE(fault.fault);
    CompiledBundle bundle;
    bundle.Soc()[fault.key] = fault.value;
    const std::string message = Refusal(bundle);
    CAPTURE(message);
    CHECK(Has(message, fault.fault));
  }
}

TEST_CASE("a section that is no table is malformed") {
  CompiledBundle bundle;
  bundle.Soc() = "encoder.tflite";
  CHECK(Has(Refusal(bundle), "npu of mt6991 is not a table"));
  bundle.manifest["npu"] = Json::array();
  CHECK(Has(Refusal(bundle), "npu is not a table by SoC"));
}

TEST_CASE("DLA, which is not run here, may name its files as it likes") {
  CompiledBundle bundle;
  bundle.Soc() = {{"format", "dla"}, {"compiler", "neuron"}, {"sdk", ""}};
  CHECK(Refusal(bundle).empty());
}

TEST_CASE("a section that is damaged anyhow is refused or read, and no more") {
  std::mt19937 random(6991);
  const CompiledBundle bundle;
  const std::string whole = bundle.manifest.dump();
  for (int i = 0; i < 300; ++i) {
    bundle.WriteFile("manifest.json", Mutate(whole, &random));
    const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path());
    if (!opened.ok()) CHECK(opened.error().code == ErrorCode::kBundle);
  }
}

TEST_CASE("on the NPU a window's graphs are those that were compiled") {
  const CompiledBundle small;
  const Result<WhisperBundle> bundle = PlacedOnNpu(small);
  REQUIRE(bundle.ok());
  const Window& window = bundle->windows.front();
  CHECK(window.encoder.file->name() == CompiledBundle::kFile);
  CHECK(window.encoder.npu);
  CHECK(window.decoder.npu);
  CHECK(window.encoder.file->text() == "code");
}

TEST_CASE("alignment that was not compiled stays on the CPU") {
  const Result<WhisperBundle> bundle = PlacedOnNpu(CompiledBundle());
  REQUIRE(bundle.ok());
  REQUIRE(bundle->windows.front().alignment);
  CHECK_FALSE(bundle->windows.front().alignment->npu);
}

TEST_CASE("prefill that was not compiled is done without") {
  CompiledBundle small;
  const Window whole = SmallBundleValues().windows.front();
  small.manifest["components"][1]["graphs"].push_back(
      SmallBundle::Graph(*whole.prefill, "prefill"));
  const Result<WhisperBundle> without = PlacedOnNpu(small);
  REQUIRE(without.ok());
  CHECK_FALSE(without->windows.front().prefill.has_value());
  small.Soc()["signatures"].push_back(whole.prefill->name);
  const Result<WhisperBundle> with = PlacedOnNpu(small);
  REQUIRE(with.ok());
  REQUIRE(with->windows.front().prefill);
  CHECK(with->windows.front().prefill->npu);
}

TEST_CASE("a bundle none of whose windows was compiled whole can't be placed") {
  CompiledBundle small;
  small.Soc()["signatures"] = {"encode_1s"};
  const Result<WhisperBundle> bundle = PlacedOnNpu(small);
  REQUIRE_FALSE(bundle.ok());
  CHECK(bundle.error().code == ErrorCode::kBundle);
  CHECK(Has(bundle.error().message,
            "has no window whose encoder and decoder were both compiled for mt6991"));
}

TEST_CASE("a compiled file that is damaged is told with how to compile it again") {
  const CompiledBundle small;
  small.WriteFile(CompiledBundle::kFile, "edoc");
  const Result<WhisperBundle> bundle = PlacedOnNpu(small);
  REQUIRE_FALSE(bundle.ok());
  CHECK(Has(bundle.error().message, "is damaged: its sha256 differs"));
  CHECK(Has(bundle.error().message, "sotto npu compile"));
  CHECK(PlacedOnNpu(small, /*verify=*/false).ok());
  small.WriteFile(CompiledBundle::kFile, "longer");
  CHECK_FALSE(PlacedOnNpu(small, /*verify=*/false).ok());
}

}  // namespace
}  // namespace sotto
