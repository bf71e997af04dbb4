// Decoded pictures to what one model's image graph takes: resize, crop, rescale, normalise.

#ifndef SOTTO_IMAGE_PROCESSOR_H_
#define SOTTO_IMAGE_PROCESSOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// Pillow's filters, in the order of the numbers by which preprocessor_config.json names them.
enum class Resample { kNearest, kLanczos, kBilinear, kBicubic, kBox, kHamming };

// Pixels that somebody else owns: uint8 [height, width, channels], the channels interleaved.
struct ImageView {
  const uint8_t* data = nullptr;
  size_t height = 0;
  size_t width = 0;
  size_t channels = 3;       // 1: grey; 3: red, green, blue; 4: with opacity, laid on white
  ptrdiff_t row_stride = 0;  // bytes from a row to the next; 0: the rows follow each other
};

struct ImageSize {
  size_t height = 0;
  size_t width = 0;
};

// The steps of transformers' image processors, in their order.
struct ImageSettings {
  static constexpr size_t kChannels = 3;        // of what comes out: red, green, blue
  static constexpr size_t kLargestSide = 4096;  // of a model's own pictures, in pixels

  ImageSize output;                     // of what comes out
  std::optional<size_t> shortest_edge;  // what the shorter side is resized to; or
  std::optional<ImageSize> size;        // what both are; neither: nothing is resized
  std::optional<ImageSize> crop;        // of the centre that is kept, padded with black
  Resample resample = Resample::kBicubic;
  double rescale = 1.0 / 255;                  // factor on the 8-bit values
  std::array<double, kChannels> mean{};        // taken away after it
  std::array<double, kChannels> std{1, 1, 1};  // divided by at last

  // kOption, naming the value and its range.
  Result<void> Validate() const;
};

// Immutable, for any number of threads. Its pixels are bit by bit those of Pillow's resize and
// transformers' arithmetic (PilBackend in image_processing_backends.py of 5.23).
class ImageProcessor {
 public:
  // Pillow's own bound, beyond which it warns of a decompression bomb.
  static constexpr size_t kMaxPixels = 89'478'485;

  // max_pixels: of a picture, before it is resized and after; it bounds memory.
  // kOption: the settings are out of range.
  static Result<ImageProcessor> Create(const ImageSettings& settings,
                                       size_t max_pixels = kMaxPixels);

  const ImageSettings& settings() const { return settings_; }

  // Floats of one picture as the graph takes it.
  size_t floats() const {
    return ImageSettings::kChannels * settings_.output.height * settings_.output.width;
  }

  // out: [3, output.height, output.width]. kImage as Crop.
  Result<void> Process(const ImageView& image, float* out) const;

  // Resizes and crops: what the model sees.
  // out: uint8 [output.height, output.width, 3]. kImage: the picture has no pixels, too many, or
  // channels that are not 1, 3 or 4; or it is of another size, and this model resizes none.
  Result<void> Crop(const ImageView& image, uint8_t* out) const;

  // Rescales and normalises what Crop gives.
  void Normalise(const uint8_t* pixels, float* out) const;

 private:
  ImageProcessor(const ImageSettings& settings, size_t max_pixels);

  ImageSize ResizedSize(const ImageView& image) const;

  ImageSettings settings_;
  size_t max_pixels_;
  std::vector<float> table_;  // [3, 256]: the result of each value that a channel can have
};

}  // namespace sotto

#endif  // SOTTO_IMAGE_PROCESSOR_H_
