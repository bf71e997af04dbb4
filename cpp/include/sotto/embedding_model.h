// Text, images and audio to vectors with a bundle of kind embedding.

#ifndef SOTTO_EMBEDDING_MODEL_H_
#define SOTTO_EMBEDDING_MODEL_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/image_processor.h"
#include "sotto/load_options.h"
#include "sotto/text_tokenizer.h"

namespace sotto {

// One bundle's weights and tables, for any number of threads at once: each call takes a session of
// its encoder's pool, which keeps up to four idle ones, and none waits for another. Vectors are the
// model's own, not normalised. Calls of an encoder that the bundle lacks are kOption.
class EmbeddingModel {
 public:
  // Opens the bundle, its tables and the runtime; graphs are loaded when they are first used.
  static Result<std::shared_ptr<const EmbeddingModel>> Create(const BundleFiles& files,
                                                              const LoadOptions& options);
  ~EmbeddingModel();

  const std::string& name() const;
  const std::string& family() const;  // "bert", "clip", "whisper", …
  const std::string& precision() const;
  size_t dimensions() const;                           // of a vector
  bool normalize() const;                              // the checkpoint's own pipeline normalises
  const std::vector<std::string>& modalities() const;  // "text", "image", "audio"

  // What the graphs run on: "cpu" or "npu", which has the sizes that were compiled.
  const std::string& accelerator() const;

  // Why "auto" took the CPU, one line; empty if it did not.
  const std::string& fallback() const;

  // Tokens of the longest text, special ones included; 0 without an encoder of text.
  size_t max_length() const;
  // Channels, height and width of a picture; empty without an encoder of images.
  std::vector<size_t> image_shape() const;
  // Seconds of each window of audio, ascending; empty without an encoder of audio.
  std::vector<size_t> windows() const;

  // Any number of texts, run in batches of about one length. An item's vector does not depend on
  // its neighbours.
  //
  // ids: of each text, special tokens included, 1 to max_length() of them.
  // out: [ids.size(), dimensions()]. kOption, naming the text, if one is too long, has none, or has
  // one that is not in the vocabulary.
  Result<void> EncodeTokens(const std::vector<std::vector<int>>& ids, float* out) const;

  // What the model was trained to find before texts, by use ("query", "passage", ...). Empty
  // without an encoder of text.
  const std::map<std::string, std::string>& prompts() const;

  // The encoder's tokenizer, read when it is first asked for. kBundle, naming the file, if it is
  // damaged or not of a kind that TextTokenizer reads.
  Result<TextTokenizer> Tokenizer() const;

  // Any number of texts, valid UTF-8, as the checkpoint's own pipeline makes vectors of them. What
  // is longer than max_length() is cut off; an empty text has a vector, that of its special tokens.
  //
  // prompt: the use, in prompts(), whose text is put before each. Nothing: the model's default;
  //   empty: none.
  // out: [texts.size(), dimensions()]. kOption, naming it, for a text that is not valid UTF-8 and
  // for an unknown prompt; kBundle as Tokenizer().
  Result<void> EncodeTexts(const std::vector<std::string>& texts,
                           std::optional<std::string_view> prompt, float* out) const;

  // pixels: [n, channels, height, width], as the model's processor gives them.
  // out: [n, dimensions()].
  Result<void> EncodePixels(const float* pixels, size_t n, float* out) const;

  // Decoded pictures of any size, which the bundle's own processor makes into pixels: see
  // ImageProcessor.
  //
  // out: [n, dimensions()]. kImage, with the picture's place, if one is refused.
  Result<void> EncodeImages(const ImageView* images, size_t n, float* out) const;

  // One window of a recording, which is shorter ones' whole: the mean over those positions of the
  // encoder (20 ms each) that hold sound, which is at most 30 dB softer than the loudest. A
  // longer recording's vector is its windows' mean, weighed by their positions.
  //
  // samples: [n], 16 kHz, mono; 1 to what the longest window holds. loudest: of the whole
  //   recording, the largest of its windows' LoudestPosition. window: seconds of the shortest
  //   window that may be taken; 0: any.
  // out: [dimensions()]; zeros if no position holds sound.
  // Returns how many do. kAudio if a sample is not finite, or n is out of range.
  Result<size_t> EncodeAudio(const float* samples, size_t n, double loudest, size_t window,
                             float* out) const;

  // Later calls are kOption; those at work end as ever. Frees idle sessions at once. From any
  // thread; does not wait.
  void Close() const;

  // Mean power of the loudest 20 ms.
  static double LoudestPosition(const float* samples, size_t n);

 private:
  class Impl;
  explicit EmbeddingModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_EMBEDDING_MODEL_H_
