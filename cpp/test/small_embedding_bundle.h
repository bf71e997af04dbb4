// A bundle with encoders of text, images and audio, for one test.

#ifndef SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_
#define SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_

#include <string>
#include <vector>

#include "small_bundle.h"

namespace sotto {

// What the converter writes, but for the content of the files. Vectors of 3, hidden rows of 2.
inline SmallBundle::Json SmallEmbeddingManifest(const SmallBundle& files) {
  using Json = SmallBundle::Json;
  const std::vector<TensorSpec> vector = {{"embedding", {1, 3}}};
  Json text = {{"kind", "text-encoder"},
               {"gelu", "erf"},
               {"token_embedding", {{"file", "token_embedding.npy"}, {"dtype", "fp32"}}},
               {"position_embedding", "positional_embedding.npy"},
               {"tokenizer", "tokenizer.tiktoken"},
               {"max_length", 6},
               {"pooling", "mean"},
               {"pad_token", 0},
               {"masked", -1e4}};
  for (const int length : {4, 8}) {
    text["graphs"].push_back(SmallBundle::Graph(
        {"text_" + std::to_string(length),
         nullptr,
         {{"hidden", {2, length, 2}}, {"mask", {2, 1, 1, length}}, {"pool", {2, 1, length}}},
         {{"embedding", {2, 3}}}}));
  }
  Json image = {{"kind", "image-encoder"}, {"gelu", "quick"}};
  image["processor"] = {{"height", 5},
                        {"width", 7},
                        {"size", {{"shortest_edge", 8}}},
                        {"crop", {{"height", 5}, {"width", 7}}},
                        {"resample", "bicubic"},
                        {"rescale", 1.0 / 255},
                        {"mean", {0.5, 0.4, 0.3}},
                        {"std", {0.3, 0.2, 0.1}}};
  image["graphs"].push_back(
      SmallBundle::Graph({"image_1", nullptr, {{"pixels", {1, 3, 5, 7}}}, vector}));
  Json audio = {{"kind", "audio-encoder"}, {"gelu", "erf"}, {"mel_filters", "mel_filters.npy"}};
  audio["graphs"].push_back(SmallBundle::Graph(
      {"audio_1s", nullptr, {{"log_mel", {1, 8, 100}}, {"pool", {1, 1, 50}}}, vector}));
  return {{"schema", kSchema},
          {"name", "small"},
          {"family", "bert"},
          {"precision", "fp32"},
          {"embedding", {{"normalize", true}}},
          {"components", {text, image, audio}},
          {"files", files.manifest["files"]}};
}

}  // namespace sotto

#endif  // SOTTO_TEST_SMALL_EMBEDDING_BUNDLE_H_
