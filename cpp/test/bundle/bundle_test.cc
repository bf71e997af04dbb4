#include <doctest.h>

#include <random>
#include <string>

#include "has.h"
#include "small_bundle.h"
#include "temporary_file.h"
#include "whisper/whisper_bundle.h"

namespace sotto {
namespace {

using Json = SmallBundle::Json;

// The message with which the bundle is refused; empty if it is taken.
std::string Refusal(const SmallBundle& bundle, bool verify = true) {
  bundle.Write();
  const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path(), verify);
  if (opened.ok()) return "";
  CHECK(opened.error().code == ErrorCode::kBundle);
  CHECK(opened.error().message.find(bundle.path()) == 0);
  CHECK(opened.error().message.find("sotto convert NAME") != std::string::npos);
  return opened.error().message;
}

TEST_CASE("a whole bundle is read with all its values") {
  const SmallBundle small;
  const Result<WhisperBundle> bundle = SmallBundle::Open(small.path());
  REQUIRE(bundle.ok());
  CHECK(bundle->name == "small");
  CHECK(bundle->n_mels == 8);
  CHECK(bundle->decoder.layers == 2);
  CHECK(bundle->vocabulary.timestamp_begin == 16);
  CHECK(bundle->vocabulary.suppress == std::vector<int>{1, 2});
  CHECK_FALSE(bundle->multilingual());
  CHECK(bundle->decoder.masked == -100.0f);
  CHECK(bundle->windows.size() == 1);
  CHECK(bundle->windows[0].encoder.file->label() == small.path() + "/graphs.tflite");
  CHECK(bundle->token_embedding.scales == nullptr);
}

TEST_CASE("a bundle may lack the alignment graphs") {
  SmallBundle bundle;
  const Result<WhisperBundle> with = SmallBundle::Open(bundle.path());
  REQUIRE(with.ok());
  REQUIRE(with->windows[0].alignment.has_value());
  CHECK(with->windows[0].alignment->name == "align_1s");
  CHECK(with->alignment_heads == std::vector<std::pair<int, int>>{{0, 1}, {1, 0}, {1, 1}});
  bundle.manifest["components"][1]["graphs"].erase(1);
  bundle.manifest["whisper"]["alignment_heads"] = Json::array();
  bundle.Write();
  const Result<WhisperBundle> without = SmallBundle::Open(bundle.path());
  REQUIRE(without.ok());
  CHECK_FALSE(without->windows[0].alignment.has_value());
}

TEST_CASE("a directory without a manifest, and no directory, are no bundles") {
  for (const char* path : {"/nowhere", ""}) {
    const Result<WhisperBundle> bundle = SmallBundle::Open(path);
    REQUIRE_FALSE(bundle.ok());
    CHECK(Has(bundle.error().message, "can't be opened: No such file or directory"));
  }
  const Result<WhisperBundle> bundle = SmallBundle::Open("/dev");
  REQUIRE_FALSE(bundle.ok());
  CHECK(Has(bundle.error().message, "/dev lacks manifest.json: it is not a bundle"));
}

TEST_CASE("a manifest that is no JSON object is damaged") {
  const SmallBundle bundle;
  for (const std::string text : {"", "{", "[]", "null", "{\"schema\": 1", "\xff", "1e999"}) {
    CAPTURE(text);
    bundle.WriteFile("manifest.json", text);
    const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path());
    REQUIRE_FALSE(opened.ok());
    CHECK(Has(opened.error().message, "is not valid JSON"));
  }
}

TEST_CASE("a manifest that can't be read off the disk is an error, not an exception") {
  const SmallBundle bundle;
  std::filesystem::remove(bundle.path() + "/manifest.json");
  std::filesystem::create_directory(bundle.path() + "/manifest.json");
  CHECK_FALSE(SmallBundle::Open(bundle.path()).ok());
}

TEST_CASE("another schema is refused with both") {
  for (const Json& schema : {Json(1), Json(0), Json("3"), Json(3.0), Json::array()}) {
    SmallBundle bundle;
    bundle.manifest["schema"] = schema;
    CHECK(Has(Refusal(bundle), "this version of Sotto reads schema 3"));
  }
}

TEST_CASE("the schema before is refused with the command that upgrades the bundle") {
  SmallBundle bundle;
  bundle.manifest["schema"] = 2;
  bundle.Write();
  const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path());
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == ErrorCode::kBundle);
  CHECK(Has(opened.error().message,
            "its schema is 2, this version of Sotto reads schema 3. Run: "
            "sotto bundle upgrade " +
                bundle.path()));
}

TEST_CASE("every value is required and has a range") {
  struct Case {
    const char* pointer;
    Json value;
    const char* message;
  };
  for (const Case& fault :
       {Case{"/components", Json::array(), "components is an empty list"},
        Case{"/components", 3, "components is 3, expected a list"},
        Case{"/components/0", 3, "components holds 3, expected objects"},
        Case{"/components/0/kind", "decoder", "it has two components of kind decoder"},
        Case{"/components/0/kind", "ear", "it has no component of kind speech-encoder"},
        Case{"/components/1/kind", "mouth", "it has no component of kind decoder"},
        Case{"/components/0/graphs", Json::array(), "its speech-encoder has no graphs (step 1"},
        Case{"/components/1/graphs", nullptr, "graphs is null"},
        Case{"/components/0/spec/context", UINT64_MAX, "context is 18446744073709551615"},
        Case{"/components/0/spec/context", 49, "takes 100 frames, expected 100 a second and twice"},
        Case{"/components/0/spec/heads", 0, "heads is 0, expected an integer from 1"},
        Case{"/components/0/mel_filters", 3, "mel_filters is 3, expected a string"},
        Case{"/components/0/mel_filters", "a\\b", "mel_filters is \"a\\\\b\", expected the name"},
        Case{"/components/0/mel_filters", "manifest.json", "expected the name of a file inside"},
        Case{"/components/1/spec/vocabulary", 1e9, "vocabulary is 1000000000.0, expected an int"},
        Case{"/components/1/spec/heads", 3, "width of the decoder is no multiple of its heads"},
        Case{"/components/1/spec/kv_heads", 3,
             "heads of the decoder is no multiple of its kv_heads"},
        Case{"/components/1/spec/kv_heads", 1, "kv_heads other than heads, which no Whisper has"},
        Case{"/components/1/spec/layers", 1025, "layers of the decoder is above 1024"},
        Case{"/components/1/spec/layers", 3,
             "encode_1s has 4 tensors on one side, its dims need 6"},
        Case{"/components/1/spec/cache", 7, "cache of the decoder is above its context"},
        Case{"/components/1/spec/masked", 0, "masked is not a number from -65504 to -1"},
        Case{"/components/1/token_embedding/offset", "here", "is not a number of bytes"},
        Case{"/components/1/token_embedding", nullptr, "token_embedding is null"},
        Case{"/components/0/graphs/0/inputs/0/shape/2", 99, "encode_1s takes 99 frames, expected"},
        Case{"/components/0/graphs/0/outputs/0/shape/2", 51, "its dims need"},
        Case{"/components/0/graphs/0/outputs", 3, "outputs is 3, expected a list"},
        Case{"/components/1/graphs/0/role", "verse", "has the role \"verse\", expected step"},
        Case{"/components/1/graphs/0/role", nullptr, "role is null"},
        Case{"/components/1/graphs/0/role", "alignment", "is the second of its role for one"},
        Case{"/components/1/graphs/0/role", "prefill", "no graph decodes a step over the 1 s"},
        Case{"/components/1/graphs/0/name", "encode_1s", "two graphs have the name encode_1s"},
        Case{"/components/1/graphs/0/inputs", Json::array(), "attends to the audio of no encoder"},
        Case{"/components/1/graphs/0/outputs", Json::array(), "has 0 tensors on one side"},
        Case{"/whisper", 3, "it has no section whisper: it transcribes nothing"},
        Case{"/whisper/tokens/eot", 20, "eot is outside the vocabulary"},
        Case{"/whisper/tokens/sot", -1, "sot is -1"},
        Case{"/whisper/tokens/sot_prev", nullptr, "sot_prev is null"},
        Case{"/whisper/suppress", {20}, "suppress holds 20, expected integers from 0 to 19"},
        Case{"/whisper/suppress_at_begin", "all", "suppress_at_begin is \"all\", expected a list"},
        Case{"/whisper/languages", {{"en", 20}}, "en is outside the vocabulary"},
        Case{"/whisper/languages", 7, "languages is not a table"},
        Case{"/whisper/alignment_heads", Json::array(),
             "signature align_1s, but no alignment head"},
        Case{"/whisper/alignment_heads", 3, "alignment_heads is missing or not a list"},
        Case{"/whisper/alignment_heads/0", {2, 0}, "alignment_heads holds a pair that is no layer"},
        Case{"/whisper/alignment_heads/0", {0, -1}, "alignment_heads holds a pair that is no"},
        Case{"/whisper/alignment_heads/0", {0}, "alignment_heads holds a pair that is no layer"},
        Case{"/name", "", "name is \"\", expected a text that is not empty"},
        Case{"/name", nullptr, "name is null"},
        Case{"/files/graphs.tflite/size", -1, "size of graphs.tflite is -1"},
        Case{"/files/graphs.tflite/sha256", "A0", "sha256 of graphs.tflite is not of 64"},
        Case{"/files/graphs.tflite/sha256", 0, "sha256 is 0, expected a string"},
        Case{"/files", Json::array(), "files is [], expected an object"}}) {
    CAPTURE(std::string(fault.pointer));
    SmallBundle bundle;
    bundle.manifest[Json::json_pointer(fault.pointer)] = fault.value;
    const std::string refusal = Refusal(bundle);
    CAPTURE(refusal);
    CHECK(Has(refusal, fault.message));
  }
}

TEST_CASE("the first fault is the one that is told") {
  SmallBundle bundle;
  bundle.manifest["name"] = 1;
  bundle.manifest["whisper"]["tokens"]["eot"] = -1;
  CHECK(Has(Refusal(bundle), "name is 1"));
}

TEST_CASE("two encoders of one length are refused") {
  SmallBundle twice;
  Json& graphs = twice.manifest["components"][0]["graphs"];
  graphs.push_back(graphs[0]);
  graphs[1]["name"] = "encode_again";
  CHECK(Has(Refusal(twice), "two of its encoders are of one length"));
}

TEST_CASE("languages are read where there are any") {
  SmallBundle bundle;
  bundle.manifest["whisper"]["languages"] = {{"en", 5}, {"de", 6}};
  bundle.Write();
  const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path());
  REQUIRE(opened.ok());
  CHECK(opened->multilingual());
  CHECK(opened->vocabulary.languages.at("de") == 6);
}

TEST_CASE("files are checked for presence, kind, size and sha256") {
  const SmallBundle missing;
  std::filesystem::remove(missing.path() + "/mel_filters.npy");
  CHECK(Has(Refusal(missing), "lacks mel_filters.npy"));

  const SmallBundle folder;
  std::filesystem::remove(folder.path() + "/mel_filters.npy");
  std::filesystem::create_directory(folder.path() + "/mel_filters.npy");
  CHECK(Has(Refusal(folder), "mel_filters.npy is not a regular file"));

  const SmallBundle longer;
  longer.WriteFile("mel_filters.npy", "the content of mel_filters.npy, and more");
  CHECK(Has(Refusal(longer), "mel_filters.npy has 40 bytes, its manifest says 30"));

  const SmallBundle flipped;
  flipped.WriteFile("mel_filters.npy", "the content of mel_filters.npz");
  CHECK(Has(Refusal(flipped), "mel_filters.npy is damaged: its sha256 differs"));
  CHECK(Refusal(flipped, /*verify=*/false).empty());
}

TEST_CASE("a name that leads out of the bundle is not opened") {
  for (const char* name : {"/etc/hostname", "../outside", "a/../../b", ""}) {
    CAPTURE(name);
    SmallBundle bundle;
    bundle.manifest["components"][1]["token_embedding"]["file"] = name;
    bundle.manifest["files"][name] = bundle.manifest["files"]["mel_filters.npy"];
    CHECK(Has(Refusal(bundle), "expected the name of a file inside the bundle"));
  }
}

TEST_CASE("a damaged manifest is an error or a bundle, never a crash") {
  std::mt19937 random(3);
  const SmallBundle bundle;
  const std::string whole = bundle.manifest.dump();
  for (int i = 0; i < 3000; ++i) {
    bundle.WriteFile("manifest.json", Mutate(whole, &random));
    const Result<WhisperBundle> opened = SmallBundle::Open(bundle.path(), /*verify=*/false);
    if (!opened.ok()) CHECK(opened.error().code == ErrorCode::kBundle);
  }
}

TEST_CASE("shapes are written as lists and counted") {
  CHECK(ShapeText({}) == "[]");
  CHECK(ShapeText({1, 80, 3000}) == "[1, 80, 3000]");
  CHECK(TensorSpec{"scalar", {}}.elements() == 1);
  CHECK(TensorSpec{"log_mel", {1, 80, 3000}}.elements() == 240000);
  CHECK(TensorSpec{"large", {1, 1 << 20, 1 << 20}}.elements() == size_t{1} << 40);
}

}  // namespace
}  // namespace sotto
