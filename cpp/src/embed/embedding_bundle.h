// A bundle that embeds: components text-encoder, image-encoder or audio-encoder, whose vectors are
// of one space.
// As python/sotto/export/embedding/bundle.py makes it.

#ifndef SOTTO_SRC_EMBED_EMBEDDING_BUNDLE_H_
#define SOTTO_SRC_EMBED_EMBEDDING_BUNDLE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle_parts.h"
#include "bundle/npu_files.h"
#include "sotto/error.h"
#include "sotto/image_processor.h"

namespace sotto {

// A graph over up to `batch` items of up to `length` positions.
struct Bucket {
  Signature signature;
  size_t length = 1;
  size_t batch = 1;
};

// Which positions of a text the vector is made of.
enum class Pooling {
  kMean,  // all of its tokens
  kCls,   // the first
  kEot,   // the first end-of-text token, or where none is named the token of the largest id
  kLast,  // the last
};

// hidden [B, n, width], mask [B, 1, 1, n], pool [B, 1, n] -> embedding [B, dimensions].
struct TextEncoderSpec {
  std::vector<Bucket> buckets;  // ascending by length, then batch; the longest holds max_length
  TokenTable token_embedding;   // [V, width], a .npy file
  std::shared_ptr<const FileView> position_embedding;  // .npy, float32 [max_length, width]
  size_t width = 0;
  size_t max_length = 0;  // tokens of a text, special ones included
  Pooling pooling = Pooling::kMean;
  bool mask_padding = true;  // attention leaves the positions after the text out
  float masked = -1e4f;      // what the mask holds there
  std::optional<int> eot_token;
  std::shared_ptr<const FileView> tokenizer;  // tokenizer.json
  bool padded = false;                        // with pad_token, to max_length
  int pad_token = 0;
  // What the model was trained to find before texts, by use, and the one that is used unasked.
  std::map<std::string, std::string> prompts;
  std::optional<std::string> default_prompt;
};

// pixels [B, channels, height, width] -> embedding [B, dimensions].
struct ImageEncoderSpec {
  std::vector<Bucket> buckets;  // ascending by batch
  size_t channels = ImageSettings::kChannels;
  size_t height = 0;
  size_t width = 0;
  ImageSettings processor;  // makes the pixels
};

// log_mel [1, n_mels, frames], pool [1, 1, frames / 2] -> embedding [1, dimensions].
struct AudioEncoderSpec {
  struct Window {
    Signature signature;
    size_t seconds = 0;
    size_t frames = 0;
  };
  std::vector<Window> windows;  // ascending
  size_t n_mels = 0;
  std::shared_ptr<const FileView> mel_filters;  // .npy, float32 [n_mels, 201]
};

struct EmbeddingBundle {
  // Reads and checks it; `verify` as in WhisperBundle::Open. kBundle names the file, what is
  // wrong and how such a bundle is made.
  static Result<EmbeddingBundle> Open(const BundleFiles& files, bool verify);

  std::string directory;  // its name in messages
  std::string name;
  std::string family;
  std::string precision;
  size_t dimensions = 0;
  bool normalize = true;  // the checkpoint's own pipeline gives vectors of length 1
  std::optional<TextEncoderSpec> text;
  std::optional<ImageEncoderSpec> image;
  std::optional<AudioEncoderSpec> audio;
  std::map<std::string, NpuFiles> npu;  // by SoC; their files are not opened by Open
};

// The bundle as it runs on an NPU: with the sizes of each encoder that were compiled. kBundle if an
// encoder has none, or none that holds the longest text.
Result<EmbeddingBundle> OnNpu(EmbeddingBundle bundle, const NpuGraphs& npu);

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_EMBEDDING_BUNDLE_H_
