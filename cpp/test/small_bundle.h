// A bundle of a few numbers in a directory that is there for one test.

#ifndef SOTTO_TEST_SMALL_BUNDLE_H_
#define SOTTO_TEST_SMALL_BUNDLE_H_

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "whisper/whisper_bundle.h"
#include "whisper/whisper_shapes.h"

namespace sotto {

// What the manifest of SmallBundle describes: two heads of width 4, one window of a second.
inline WhisperBundle SmallBundleValues() {
  WhisperBundle bundle;
  bundle.name = "small";
  bundle.n_mels = 8;
  bundle.audio_context = 50;
  bundle.decoder = {/*layers=*/2,  /*heads=*/2, /*kv_heads=*/2,    /*width=*/8,
                    /*context=*/6, /*cache=*/5, /*vocabulary=*/20, /*masked=*/-100};
  bundle.vocabulary.eot = 10;
  Window window;
  window.seconds = 1;
  window.frames = 100;
  const DecoderSpec& decoder = bundle.decoder;
  const BlockShapes step = StepShapesOf(decoder, window.frames);
  window.encoder = {"encode_1s",
                    nullptr,
                    {LogMelShapeOf(bundle.n_mels, window.frames)},
                    CrossShapesOf(decoder, window.frames)};
  window.decoder = {"decode_1s", nullptr, step.inputs, step.outputs};
  bundle.alignment_heads = {{0, 1}, {1, 0}, {1, 1}};
  const BlockShapes prefill = PrefillShapesOf(decoder, window.frames, /*block=*/4);
  window.prefill = Signature{"prefill_1s", nullptr, prefill.inputs, prefill.outputs};
  const BlockShapes aligned = AlignmentShapesOf(decoder, window.frames, /*block=*/4, 3);
  window.alignment = Signature{"align_1s", nullptr, aligned.inputs, aligned.outputs};
  bundle.windows.push_back(window);
  return bundle;
}

// The same on disk. A test changes `manifest` and calls Write.
class SmallBundle {
 public:
  using Json = nlohmann::json;

  SmallBundle() {
    const char* folder = getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/sotto-bundle-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
    const WhisperBundle values = SmallBundleValues();
    manifest = {
        {"schema", kSchema}, {"name", values.name}, {"family", "whisper"}, {"precision", "fp32"}};
    const DecoderSpec& decoder = values.decoder;
    const Window& window = values.windows[0];
    manifest["components"] = {
        {{"kind", "speech-encoder"},
         {"gelu", "tanh"},
         {"spec", {{"layers", 1}, {"heads", 2}, {"width", 8}, {"context", values.audio_context}}},
         {"mel_filters", "mel_filters.npy"},
         {"graphs", Json::array({Graph(window.encoder)})}},
        {{"kind", "decoder"},
         {"gelu", "tanh"},
         {"spec",
          {{"layers", decoder.layers},
           {"heads", decoder.heads},
           {"kv_heads", decoder.kv_heads},
           {"width", decoder.width},
           {"context", decoder.context},
           {"cache", decoder.cache},
           {"vocabulary", decoder.vocabulary},
           {"masked", decoder.masked}}},
         {"token_embedding", {{"file", "token_embedding.npy"}, {"dtype", "fp32"}}},
         {"position_embedding", "positional_embedding.npy"},
         {"tokenizer", "tokenizer.tiktoken"},
         {"graphs", {Graph(window.decoder, "step"), Graph(*window.alignment, "alignment")}}}};
    manifest["whisper"] = {{"tokens",
                            {{"eot", 10},
                             {"sot", 11},
                             {"transcribe", 12},
                             {"translate", 13},
                             {"sot_lm", 17},
                             {"sot_prev", 18},
                             {"no_speech", 14},
                             {"no_timestamps", 15},
                             {"timestamp_begin", 16}}},
                           {"suppress", {1, 2}},
                           {"suppress_at_begin", {3}},
                           {"alignment_heads", values.alignment_heads}};
    for (const char* name : {"graphs.tflite", "token_embedding.npy", "positional_embedding.npy",
                             "mel_filters.npy", "tokenizer.tiktoken"}) {
      const std::string content = std::string("the content of ") + name;
      WriteFile(name, content);
      manifest["files"][name] = FileEntry(content);
    }
    Write();
  }
  SmallBundle(const SmallBundle&) = delete;
  SmallBundle& operator=(const SmallBundle&) = delete;
  ~SmallBundle() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  // As the manifest has a graph of graphs.tflite.
  static Json Graph(const Signature& signature, const std::string& role = "") {
    Json graph = {{"name", signature.name},
                  {"file", "graphs.tflite"},
                  {"inputs", Specs(signature.inputs)},
                  {"outputs", Specs(signature.outputs)}};
    if (!role.empty()) graph["role"] = role;
    return graph;
  }

  // As the manifest lists a file of this content.
  static Json FileEntry(const std::string& content) {
    return {{"size", content.size()}, {"sha256", FileView::InMemory("", content)->sha256()}};
  }

  // Opens `path` as a bundle.
  static Result<WhisperBundle> Open(const std::string& path, bool verify = true) {
    SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(path));
    return WhisperBundle::Open(*files, verify);
  }

  void Write() const { WriteFile("manifest.json", manifest.dump()); }

  void WriteFile(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << content;
  }

  Json manifest;

 private:
  static Json Specs(const std::vector<TensorSpec>& specs) {
    Json list = Json::array();
    for (const TensorSpec& spec : specs) {
      list.push_back({{"name", spec.name}, {"shape", spec.shape}});
    }
    return list;
  }

  std::string path_;
};

}  // namespace sotto

#endif  // SOTTO_TEST_SMALL_BUNDLE_H_
