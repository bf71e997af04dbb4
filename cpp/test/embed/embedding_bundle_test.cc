#include "embed/embedding_bundle.h"

#include <doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "has.h"
#include "small_embedding_bundle.h"
#include "sotto/embedding_model.h"
#include "temporary_file.h"

namespace sotto {
namespace {

using Json = SmallBundle::Json;

Result<EmbeddingBundle> Open(const std::string& directory, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
  return EmbeddingBundle::Open(*files, verify);
}

std::string Refusal(const std::string& directory) {
  const auto bundle = Open(directory, true);
  REQUIRE_FALSE(bundle.ok());
  CHECK(bundle.error().code == ErrorCode::kBundle);
  CHECK(Has(bundle.error().message, "sotto convert"));
  return bundle.error().message;
}

TEST_CASE("a bundle's encoders are read, the graphs in order of their size") {
  SmallBundle files;
  files.manifest = SmallEmbeddingManifest(files);
  Json& list = files.manifest["components"][0]["graphs"];
  std::swap(list[0], list[1]);
  files.Write();
  const auto bundle = Open(files.path(), true);
  REQUIRE(bundle.ok());
  CHECK(bundle->dimensions == 3);
  REQUIRE(bundle->text.has_value());
  CHECK(bundle->text->width == 2);
  CHECK(bundle->text->max_length == 6);
  CHECK_FALSE(bundle->text->eot_token.has_value());
  REQUIRE(bundle->text->buckets.size() == 2);
  CHECK(bundle->text->buckets[0].length == 4);
  CHECK(bundle->text->buckets[0].batch == 2);
  CHECK(bundle->text->buckets[1].signature.name == "text_8");
  REQUIRE(bundle->image.has_value());
  CHECK(bundle->image->width == 7);
  CHECK(*bundle->image->processor.shortest_edge == 8);
  CHECK(bundle->image->processor.std[2] == 0.1);
  REQUIRE(bundle->audio.has_value());
  CHECK(bundle->audio->windows[0].frames == 100);
}

TEST_CASE("a bundle of another kind is refused with the way to make one") {
  const SmallBundle whisper;
  CHECK(Has(Refusal(whisper.path()), "it has no section embedding"));
}

TEST_CASE("every value of an embedding manifest has a range") {
  struct Case {
    const char* pointer;
    Json value;
    const char* message;
  };
  const std::vector<int> odd = {2, 4, 5};
  for (const Case& fault : {
           Case{"/embedding/normalize", 1, "normalize is neither true nor false"},
           Case{"/embedding", 3, "it has no section embedding"},
           Case{"/family", 3, "family is 3"},
           Case{"/components", Json::array(), "components is an empty list"},
           Case{"/components", Json::array({{{"kind", "decoder"}}}),
                "no component of kind text-encoder, image-encoder"},
           Case{"/components/0", {{"kind", "text-encoder"}}, "graphs is missing"},
           Case{"/components/0/graphs", Json::array(), "its text-encoder has no graphs"},
           Case{"/components/0/graphs/0/inputs/1/shape", odd, "mask of shape [2, 4, 5]"},
           Case{"/components/0/graphs/0/inputs", Json::array(), "text_4 has no input hidden"},
           Case{"/components/0/graphs/0/inputs/0/shape", Json::array({2, 8, 2}),
                "two graphs of one size"},
           Case{"/components/0/graphs/0/outputs/0/shape/1", 4,
                "embedding of shape [2, 3], its dims need [2, 4]"},
           Case{"/components/0/graphs/0/name", "text_8", "two graphs have the name text_8"},
           Case{"/components/0/max_length", 9, "its longest graph of text takes 8 tokens"},
           Case{"/components/0/pooling", "max", "pooling is \"max\", expected mean"},
           Case{"/components/0/masked", -1e5, "masked is not a number from -65504 to -1"},
           Case{"/components/0/eot_token", -1, "eot_token is -1"},
           Case{"/components/0/tokenizer", "../x", "tokenizer is \"../x\", expected the name of a"},
           Case{"/components/0/token_embedding/file", 3, "file is 3"},
           Case{"/components/0/token_embedding", nullptr, "token_embedding is null"},
           Case{"/components/0/position_embedding", nullptr, "position_embedding is null"},
           Case{"/components/1/graphs/0/inputs/0/shape/2", 6, "pixels of shape [1, 3, 6, 7]"},
           Case{"/components/1/processor/height", 6, "do not end in the model's 6 x 7 pixels"},
           Case{"/components/1/processor/crop", nullptr, "crop is null"},
           Case{"/components/1/processor/crop", {{"height", 5}}, "width is "},
           Case{"/components/1/processor/size", {{"height", 5}}, "width is "},
           Case{"/components/1/processor/size/shortest_edge", 5000, "expected pixels from 1 to"},
           Case{"/components/1/processor/resample", "sinc", "resample is \"sinc\""},
           Case{"/components/1/processor/rescale", 0, "rescale is 0"},
           Case{"/components/1/processor/mean", {1, 2}, "mean is not of 3 numbers"},
           Case{"/components/1/processor/std", {1, 0, 1}, "std is 0"},
           Case{"/components/1/processor", 3, "processor is 3, expected an object"},
           Case{"/components/1/graphs", nullptr, "graphs is null"},
           Case{"/components/1/graphs/0/outputs", Json::array(), "has 0 tensors on one side"},
           Case{"/components/2/graphs/0/inputs/0/shape/2", 101, "audio_1s takes 101 frames"},
           Case{"/components/2/graphs/0/inputs/0/shape/0", 2, "log_mel of shape [2, 8, 100]"},
           Case{"/components/2/mel_filters", "none.npy", "files does not list none.npy"},
           Case{"/files/graphs.tflite/size", 1, "graphs.tflite has 28 bytes, its manifest says 1"},
       }) {
    CAPTURE(fault.pointer);
    SmallBundle bundle;
    bundle.manifest = SmallEmbeddingManifest(bundle);
    bundle.manifest[Json::json_pointer(fault.pointer)] = fault.value;
    bundle.Write();
    const std::string message = Refusal(bundle.path());
    CAPTURE(message);
    CHECK(Has(message, fault.message));
  }
}

TEST_CASE("a manifest that was changed anywhere is read or refused, and nothing else") {
  SmallBundle bundle;
  bundle.manifest = SmallEmbeddingManifest(bundle);
  const std::string whole = bundle.manifest.dump();
  std::mt19937 random(0);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    bundle.WriteFile("manifest.json", Mutate(whole, &random));
    refused += Open(bundle.path(), false).ok() ? 0 : 1;
  }
  CHECK(refused > 250);
}

TEST_CASE("an option out of range is refused before anything is opened") {
  LoadOptions options;
  options.threads = -1;
  const auto model = EmbeddingModel::Create(*BundleFiles::FromMemory("nowhere", {}), options);
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kOption);
}

// The bundle on an NPU for which these of its graphs were compiled.
Result<EmbeddingBundle> PlacedOnNpu(const Json& signatures) {
  SmallBundle small;
  small.manifest = SmallEmbeddingManifest(small);
  std::filesystem::create_directories(small.path() + "/npu/mt6991");
  const std::string file = "npu/mt6991/graphs.tflite";
  small.WriteFile(file, "code");
  small.manifest["files"][file] = SmallBundle::FileEntry("code");
  small.manifest["npu"]["mt6991"] = {{"format", "litert"},
                                     {"compiler", "neuron"},
                                     {"sdk", ""},
                                     {"files", {{"graphs.tflite", file}}},
                                     {"signatures", signatures}};
  small.Write();
  SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(small.path()));
  SOTTO_ASSIGN_OR_RETURN(EmbeddingBundle bundle, EmbeddingBundle::Open(*files, true));
  SOTTO_ASSIGN_OR_RETURN(const NpuGraphs npu,
                         NpuGraphs::Open(*files, bundle.npu.at("mt6991"), true));
  return OnNpu(std::move(bundle), npu);
}

TEST_CASE("on an NPU an encoder has the sizes that were compiled") {
  const auto bundle = PlacedOnNpu({"text_8", "image_1", "audio_1s"});
  REQUIRE(bundle.ok());
  REQUIRE(bundle->text->buckets.size() == 1);
  const Signature& text = bundle->text->buckets.front().signature;
  CHECK(text.name == "text_8");
  CHECK(text.npu);
  CHECK(text.file->text() == "code");
  CHECK(bundle->image->buckets.front().signature.npu);
  CHECK(bundle->audio->windows.front().signature.npu);
}

TEST_CASE("an encoder none of whose sizes serves was compiled for nothing, and is named") {
  const struct {
    Json signatures;
    const char* fault;
  } kFaults[] = {{{"text_4", "image_1", "audio_1s"}, "has no text-encoder of 6 tokens compiled"},
                 {{"text_8", "audio_1s"}, "has no image-encoder compiled for mt6991"},
                 {{"text_8", "image_1"}, "has no audio-encoder compiled for mt6991"}};
  for (const auto& fault : kFaults) {
    const auto bundle = PlacedOnNpu(fault.signatures);
    REQUIRE_FALSE(bundle.ok());
    CHECK(bundle.error().code == ErrorCode::kBundle);
    CHECK(Has(bundle.error().message, fault.fault));
    CHECK(Has(bundle.error().message, "sotto npu compile"));
  }
}

}  // namespace
}  // namespace sotto
