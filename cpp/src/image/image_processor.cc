#include "sotto/image_processor.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "image/resample.h"

namespace sotto {
namespace {

constexpr size_t kChannels = ImageSettings::kChannels;
constexpr size_t kValues = 256;

std::string Sides(size_t height, size_t width) {
  return std::to_string(height) + " x " + std::to_string(width);
}

Error OptionFault(const std::string& fault) {
  return Error{ErrorCode::kOption, "the image processor's " + fault};
}

Error Refused(const ImageView& image, const std::string& why) {
  return Error{ErrorCode::kImage, "is of " + Sides(image.height, image.width) + " pixels" + why};
}

bool InRange(size_t side) { return side >= 1 && side <= ImageSettings::kLargestSide; }

bool Same(const ImageSize& a, const ImageSize& b) {
  return a.height == b.height && a.width == b.width;
}

// Where the middle `kept` pixels of `found` are: transformers' center_crop. Where there are fewer,
// `before` black ones precede them; of an odd difference the larger half does.
struct Centre {
  Centre(size_t found, size_t kept)
      : first(found > kept ? (found - kept) / 2 : 0),
        count(std::min(found, kept)),
        before(found < kept ? (kept - found + 1) / 2 : 0) {}

  size_t first;
  size_t count;
  size_t before;
};

}  // namespace

Result<void> ImageSettings::Validate() const {
  const ImageSize edge{shortest_edge.value_or(1), shortest_edge.value_or(1)};
  const std::pair<const char*, ImageSize> given[] = {{"output", output},
                                                     {"size", size.value_or(output)},
                                                     {"crop", crop.value_or(output)},
                                                     {"shortest_edge", edge}};
  for (const auto& [name, sides] : given) {
    if (!InRange(sides.height) || !InRange(sides.width)) {
      return OptionFault(std::string(name) + " is " + Sides(sides.height, sides.width) +
                         ", expected pixels from 1 to " + std::to_string(kLargestSide));
    }
  }
  if (shortest_edge && size) return OptionFault("size and shortest_edge exclude each other");
  if (shortest_edge && !crop) return OptionFault("shortest_edge needs a crop: sizes would differ");
  if (!Same(crop.value_or(size.value_or(output)), output)) {
    return OptionFault("size and crop do not end in the model's " +
                       Sides(output.height, output.width) + " pixels");
  }
  if (!std::isfinite(rescale) || rescale == 0) return OptionFault("rescale is 0 or not finite");
  for (size_t c = 0; c < kChannels; ++c) {
    if (!std::isfinite(mean[c])) return OptionFault("mean is not finite");
    if (!std::isfinite(std[c]) || std[c] == 0) return OptionFault("std is 0 or not finite");
  }
  return {};
}

Result<ImageProcessor> ImageProcessor::Create(const ImageSettings& settings, size_t max_pixels) {
  SOTTO_RETURN_IF_ERROR(settings.Validate());
  return ImageProcessor(settings, max_pixels);
}

ImageProcessor::ImageProcessor(const ImageSettings& settings, size_t max_pixels)
    : settings_(settings), max_pixels_(max_pixels), table_(kChannels * kValues) {
  // The reference's arithmetic: the factor in double, rounded to float, then mean and std in float.
  for (size_t c = 0; c < kChannels; ++c) {
    const auto mean = static_cast<float>(settings.mean[c]);
    const auto std = static_cast<float>(settings.std[c]);
    for (size_t value = 0; value < kValues; ++value) {
      const auto scaled = static_cast<float>(static_cast<double>(value) * settings.rescale);
      table_[c * kValues + value] = (scaled - mean) / std;
    }
  }
}

ImageSize ImageProcessor::ResizedSize(const ImageView& image) const {
  if (settings_.size) return *settings_.size;
  if (!settings_.shortest_edge) return {image.height, image.width};
  const size_t short_side = std::min(image.height, image.width);
  const size_t long_side = std::max(image.height, image.width);
  const size_t new_short = *settings_.shortest_edge;
  // Python's int(a / b), whose quotient is a double.
  const auto new_long = static_cast<size_t>(static_cast<double>(new_short * long_side) /
                                            static_cast<double>(short_side));
  return image.width <= image.height ? ImageSize{new_long, new_short}
                                     : ImageSize{new_short, new_long};
}

Result<void> ImageProcessor::Crop(const ImageView& image, uint8_t* out) const {
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    return Error{ErrorCode::kImage,
                 "has " + std::to_string(image.channels) + " channels; expected 1, 3 or 4"};
  }
  if (image.height < 1 || image.width < 1) return Refused(image, "; expected at least one");
  if (image.width > max_pixels_ / image.height) {
    return Refused(image,
                   "; at most " + std::to_string(max_pixels_) + " are read. Scale it down first");
  }
  const ImageSize resized = ResizedSize(image);
  const ImageSize& output = settings_.output;
  if (resized.width > max_pixels_ / resized.height) {
    return Refused(image, ", so long that resized to " + Sides(resized.height, resized.width) +
                              " it has more than " + std::to_string(max_pixels_) +
                              ". Cut it first");
  }
  if (!settings_.crop && !Same(resized, output)) {
    return Refused(image,
                   "; this model resizes none, and takes " + Sides(output.height, output.width));
  }
  const Centre rows(resized.height, output.height);
  const Centre columns(resized.width, output.width);
  const size_t stride = output.width * kChannels;
  if (rows.count < output.height || columns.count < output.width) {
    std::fill_n(out, output.height * stride, uint8_t{0});
  }
  ResampleImage(image, {image.height, resized.height, rows.first, rows.count},
                {image.width, resized.width, columns.first, columns.count}, settings_.resample,
                out + rows.before * stride + columns.before * kChannels, stride);
  return {};
}

void ImageProcessor::Normalise(const uint8_t* pixels, float* out) const {
  const size_t n = settings_.output.height * settings_.output.width;
  for (size_t c = 0; c < kChannels; ++c) {
    const float* values = table_.data() + c * kValues;
    for (size_t i = 0; i < n; ++i) out[i] = values[pixels[i * kChannels + c]];
    out += n;
  }
}

Result<void> ImageProcessor::Process(const ImageView& image, float* out) const {
  std::vector<uint8_t> pixels(floats());
  SOTTO_RETURN_IF_ERROR(Crop(image, pixels.data()));
  Normalise(pixels.data(), out);
  return {};
}

}  // namespace sotto
