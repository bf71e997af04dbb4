#include "embed/embedding_bundle.h"

#include <doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "small_embedding_bundle.h"
#include "sotto/embedding_model.h"
#include "temporary_file.h"

namespace sotto {
namespace {

using Json = SmallBundle::Json;

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string Refusal(const std::string& directory) {
  const auto bundle = EmbeddingBundle::Open(directory, true);
  REQUIRE_FALSE(bundle.ok());
  CHECK(bundle.error().code == ErrorCode::kBundle);
  CHECK(Has(bundle.error().message, "sotto convert"));
  return bundle.error().message;
}

TEST_CASE("a bundle's encoders are read, the graphs in order of their size") {
  SmallBundle files;
  files.manifest = SmallEmbeddingManifest(files);
  Json& list = files.manifest["encoders"]["text"]["signatures"];
  std::swap(list[0], list[1]);
  files.Write();
  const auto bundle = EmbeddingBundle::Open(files.path(), true);
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

TEST_CASE("a missing bundle, and one of another kind, are refused with the way to make one") {
  CHECK(Has(Refusal("/nowhere"), "manifest.json can't be read"));
  const SmallBundle whisper;
  CHECK(Has(Refusal(whisper.path()), "its kind is not embedding"));
}

TEST_CASE("every value of an embedding manifest has a range") {
  struct Case {
    const char* pointer;
    Json value;
    const char* message;
  };
  const std::vector<int> odd = {2, 4, 5};
  for (const Case& fault : {
           Case{"/dimensions", 0, "dimensions is 0, expected an integer from 1"},
           Case{"/dimensions", 4, "embedding of shape [1, 3], its dims need [1, 4]"},
           Case{"/normalize", 1, "normalize is neither true nor false"},
           Case{"/family", 3, "family is 3"},
           Case{"/encoders", Json::object(), "it lists no encoders"},
           Case{"/encoders", Json::array({1}), "it lists no encoders"},
           Case{"/encoders/smell", Json::object(), "an encoder of smell, expected text, image"},
           Case{"/encoders/text", 3, "its text encoder has no graphs"},
           Case{"/encoders/text/signatures", Json::array(), "its text encoder has no graphs"},
           Case{"/encoders/text/signatures/0/length", 0, "length is 0"},
           Case{"/encoders/text/signatures/0/length", 5, "hidden of shape [2, 4, 2]"},
           Case{"/encoders/text/signatures/0/batch", 1, "hidden of shape [2, 4, 2]"},
           Case{"/encoders/text/signatures/0/batch", "1", "batch is \"1\""},
           Case{"/encoders/text/signatures/0/signature", "text_9", "it has no signature text_9"},
           Case{"/encoders/text/signatures/0",
                {{"signature", "text_8"}, {"length", 8}, {"batch", 2}},
                "two graphs of one size"},
           Case{"/encoders/text/max_length", 9, "its longest graph of text takes 8 tokens"},
           Case{"/encoders/text/pooling", "max", "pooling is \"max\", expected mean"},
           Case{"/encoders/text/mask_padding", nullptr, "mask_padding is neither"},
           Case{"/encoders/text/masked", -1e5, "masked is not a number from -65504 to -1"},
           Case{"/encoders/text/eot_token", -1, "eot_token is -1"},
           Case{"/encoders/text/tokenizer", "../x", "files does not list ../x"},
           Case{"/encoders/text/token_embedding/file", 3, "file is 3"},
           Case{"/encoders/text/token_embedding", nullptr, "file is missing"},
           Case{"/encoders/text/position_embedding", nullptr, "file is missing"},
           Case{"/signatures/image_1/inputs/0/shape", {1, 3, 6, 7}, "pixels of shape [1, 3, 6, 7]"},
           Case{"/encoders/image/processor/height", 6, "do not end in the model's 6 x 7 pixels"},
           Case{"/encoders/image/processor/channels", 4, "channels are not 3"},
           Case{"/encoders/image/processor/crop", nullptr, "shortest_edge needs a crop"},
           Case{"/encoders/image/processor/crop", {{"height", 5}}, "width is missing"},
           Case{"/encoders/image/processor/size", {{"height", 5}}, "width is missing"},
           Case{"/encoders/image/processor/size/shortest_edge", 5000, "expected pixels from 1 to"},
           Case{"/encoders/image/processor/resample", "sinc", "resample is \"sinc\""},
           Case{"/encoders/image/processor/rescale", 0, "rescale is 0"},
           Case{"/encoders/image/processor/mean", {1, 2}, "mean is not of 3 numbers"},
           Case{"/encoders/image/processor/std", {1, 0, 1}, "std is 0"},
           Case{"/encoders/image/processor", nullptr, "channels is missing"},
           Case{"/encoders/image/signatures", nullptr, "its image encoder has no graphs"},
           Case{"/encoders/audio/n_mels", 9, "log_mel of shape [1, 8, 100]"},
           Case{"/encoders/audio/signatures/0/frames", 101, "a window of 1 s has 101 frames"},
           Case{"/encoders/audio/signatures/0/batch", 2, "an audio graph's batch is not 1"},
           Case{"/encoders/audio/mel_filters", "none.npy", "files does not list none.npy"},
           Case{"/signatures/text_4/inputs/0/shape", odd, "hidden of shape"},
           Case{"/signatures/image_1/outputs", Json::array(), "has 0 tensors on one side"},
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
    refused += EmbeddingBundle::Open(bundle.path(), false).ok() ? 0 : 1;
  }
  CHECK(refused > 250);
}

TEST_CASE("an option out of range is refused before anything is opened") {
  LoadOptions options;
  options.threads = -1;
  const auto model = EmbeddingModel::Create("/nowhere", options);
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::kOption);
}

}  // namespace
}  // namespace sotto
