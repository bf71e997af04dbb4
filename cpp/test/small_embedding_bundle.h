// A bundle of kind embedding with encoders of text, images and audio, for one test.

#ifndef SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_
#define SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_

#include <string>
#include <vector>

#include "small_bundle.h"

namespace sotto {

// What the converter writes, but for the content of the files. Vectors of 3, hidden rows of 2.
inline SmallBundle::Json SmallEmbeddingManifest(const SmallBundle& files) {
  using Json = SmallBundle::Json;
  const auto spec = [](const char* name, const std::vector<int>& shape) {
    return Json{{"name", name}, {"shape", shape}, {"dtype", "float32"}};
  };
  Json manifest = {{"schema", kSchema},   {"kind", "embedding"},
                   {"name", "small"},     {"family", "bert"},
                   {"precision", "fp32"}, {"dimensions", 3},
                   {"normalize", true},   {"files", files.manifest["files"]}};
  Json& signatures = manifest["signatures"];
  Json text = {{"token_embedding", {{"file", "token_embedding.npy"}, {"dtype", "fp32"}}},
               {"position_embedding", {{"file", "positional_embedding.npy"}}},
               {"tokenizer", "tokenizer.tiktoken"},
               {"max_length", 6},
               {"pooling", "mean"},
               {"mask_padding", true},
               {"eot_token", nullptr}};
  for (const int length : {4, 8}) {
    const std::string name = "text_" + std::to_string(length);
    text["signatures"].push_back({{"signature", name}, {"length", length}, {"batch", 2}});
    signatures[name] = {{"file", "graphs.tflite"},
                        {"inputs",
                         {spec("hidden", {2, length, 2}), spec("mask", {2, 1, 1, length}),
                          spec("pool", {2, 1, length})}},
                        {"outputs", {spec("embedding", {2, 3})}}};
  }
  Json image;
  image["processor"] = {{"channels", 3},
                        {"height", 5},
                        {"width", 7},
                        {"size", {{"shortest_edge", 8}}},
                        {"crop", {{"height", 5}, {"width", 7}}},
                        {"resample", "bicubic"},
                        {"rescale", 1.0 / 255},
                        {"mean", {0.5, 0.4, 0.3}},
                        {"std", {0.3, 0.2, 0.1}}};
  image["signatures"].push_back({{"signature", "image_1"}, {"batch", 1}});
  signatures["image_1"] = {{"file", "graphs.tflite"},
                           {"inputs", Json::array({spec("pixels", {1, 3, 5, 7})})},
                           {"outputs", Json::array({spec("embedding", {1, 3})})}};
  Json audio = {{"n_mels", 8}, {"mel_filters", "mel_filters.npy"}};
  audio["signatures"].push_back(
      {{"signature", "audio_1s"}, {"seconds", 1}, {"frames", 100}, {"batch", 1}});
  signatures["audio_1s"] = {{"file", "graphs.tflite"},
                            {"inputs", {spec("log_mel", {1, 8, 100}), spec("pool", {1, 1, 50})}},
                            {"outputs", Json::array({spec("embedding", {1, 3})})}};
  manifest["encoders"] = {{"text", text}, {"image", image}, {"audio", audio}};
  return manifest;
}

}  // namespace sotto

#endif  // SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_
