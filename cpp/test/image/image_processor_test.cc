#include "sotto/image_processor.h"

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "image/filter_taps.h"
#include "image/resample.h"

namespace sotto {
namespace {

constexpr Resample kFilters[] = {Resample::kNearest, Resample::kLanczos, Resample::kBilinear,
                                 Resample::kBicubic, Resample::kBox,     Resample::kHamming};

struct Picture {
  Picture(size_t height, size_t width, size_t channels) : height(height), width(width) {
    uint32_t state = 1;
    for (size_t i = 0; i < height * width * channels; ++i) {
      state = state * 1664525u + 1013904223u;
      bytes.push_back(static_cast<uint8_t>(state >> 24));
    }
    view = {bytes.data(), height, width, channels, 0};
  }

  size_t height, width;
  std::vector<uint8_t> bytes;
  ImageView view;
};

ImageSettings Settings(size_t height, size_t width, Resample resample) {
  ImageSettings settings;
  settings.output = {height, width};
  settings.size = settings.output;
  settings.resample = resample;
  return settings;
}

std::vector<uint8_t> Cropped(const ImageSettings& settings, const ImageView& view) {
  const auto processor = ImageProcessor::Create(settings);
  REQUIRE(processor.ok());
  std::vector<uint8_t> out(processor->floats());
  REQUIRE(processor->Crop(view, out.data()).ok());
  return out;
}

// One channel of a grey picture, of which the three that come out are equal.
std::vector<uint8_t> Resized(const std::vector<uint8_t>& grey, size_t height, size_t width,
                             size_t new_height, size_t new_width, Resample resample) {
  const std::vector<uint8_t> out =
      Cropped(Settings(new_height, new_width, resample), {grey.data(), height, width, 1, 0});
  std::vector<uint8_t> first;
  for (size_t i = 0; i < out.size(); i += 3) {
    CHECK(out[i] == out[i + 1]);
    CHECK(out[i] == out[i + 2]);
    first.push_back(out[i]);
  }
  return first;
}

using Bytes = std::vector<uint8_t>;

struct Golden {
  Resample resample;
  Bytes down;  // to 3 pixels
  Bytes up;    // to 11
};

// Pillow 13.0.0's: Image.fromarray(grey).resize((width, height), filter).
const Golden kGolden[] = {
    {Resample::kNearest, {255, 200, 90}, {0, 0, 255, 10, 10, 200, 30, 30, 90, 180, 180}},
    {Resample::kLanczos, {114, 105, 113}, {0, 128, 252, 59, 53, 200, 103, 13, 76, 153, 187}},
    {Resample::kBilinear, {111, 112, 109}, {0, 116, 233, 77, 79, 200, 92, 46, 85, 139, 180}},
    {Resample::kBicubic, {113, 105, 114}, {0, 119, 250, 59, 62, 200, 90, 29, 83, 146, 186}},
    {Resample::kBox, {128, 80, 135}, {0, 0, 255, 10, 10, 200, 30, 30, 90, 180, 180}},
    {Resample::kHamming, {126, 114, 117}, {0, 101, 253, 34, 51, 200, 66, 36, 89, 144, 180}}};

TEST_CASE("a row is resized to Pillow's values, up and down") {
  const Bytes row = {0, 255, 10, 200, 30, 90, 180};
  for (const auto& [resample, down, up] : kGolden) {
    CHECK(Resized(row, 1, 7, 1, 3, resample) == down);
    CHECK(Resized(row, 7, 1, 3, 1, resample) == down);
    CHECK(Resized(row, 1, 7, 1, 11, resample) == up);
    CHECK(Resized(row, 7, 1, 11, 1, resample) == up);
  }
}

TEST_CASE("of a tall picture the columns are resized first, as Pillow does") {
  const Bytes tall = {0, 255, 255, 0, 17, 200, 240, 3, 90, 180, 255, 255, 0, 0, 33, 150};
  CHECK(Resized(tall, 8, 2, 3, 3, Resample::kLanczos) ==
        Bytes{107, 116, 124, 173, 148, 123, 68, 102, 135});
}

TEST_CASE("a picture of one colour keeps it, whatever its size becomes") {
  for (const Resample resample : kFilters) {
    for (const size_t in : {1, 2, 3, 17, 64, 1000}) {
      for (const size_t out : {1, 2, 5, 64, 333}) {
        const Bytes grey(in * 3, 201);
        const Bytes result = Resized(grey, in, 3, out, 2, resample);
        CHECK(std::all_of(result.begin(), result.end(), [](uint8_t v) { return v == 201; }));
      }
    }
  }
}

TEST_CASE("weights of every pixel sum to one, and lie within the axis") {
  for (const Resample resample : kFilters) {
    for (const size_t in : {1, 2, 3, 5, 224, 481}) {
      for (const size_t out : {1, 2, 3, 224, 500}) {
        const FilterTaps taps = MakeFilterTaps({in, out, 0, out}, resample);
        CHECK(taps.count % 2 == 0);
        for (size_t i = 0; i < out; ++i) {
          int64_t sum = 0;
          for (size_t t = 0; t < taps.count; ++t) {
            const int32_t weight = taps.weights[i * taps.count + t];
            sum += weight;
            if (taps.starts[i] + t >= in) CHECK(weight == 0);
          }
          CHECK(taps.starts[i] + taps.count <= in + 1);
          CHECK(std::abs(sum - (int64_t{1} << kWeightBits)) <= static_cast<int64_t>(taps.count));
        }
      }
    }
  }
}

TEST_CASE("a part of a resized picture is the whole's") {
  const Picture picture(23, 31, 3);
  for (const Resample resample : kFilters) {
    Bytes whole(40 * 50 * 3), part(7 * 9 * 3);
    ResampleImage(picture.view, {23, 40, 0, 40}, {31, 50, 0, 50}, resample, whole.data(), 150);
    ResampleImage(picture.view, {23, 40, 20, 7}, {31, 50, 30, 9}, resample, part.data(), 27);
    for (size_t y = 0; y < 7; ++y) {
      const auto row = whole.begin() + static_cast<ptrdiff_t>((20 + y) * 150 + 30 * 3);
      CHECK(std::equal(row, row + 27, part.begin() + static_cast<ptrdiff_t>(y * 27)));
    }
  }
}

TEST_CASE("rows may be apart, or in the other order") {
  const Picture picture(6, 5, 3);
  const ImageSettings settings = Settings(4, 4, Resample::kBicubic);
  Bytes apart(6 * 40), upside(6 * 15);
  for (size_t y = 0; y < 6; ++y) {
    std::copy_n(picture.bytes.data() + y * 15, 15, apart.data() + y * 40);
    std::copy_n(picture.bytes.data() + y * 15, 15, upside.data() + (5 - y) * 15);
  }
  const Bytes expected = Cropped(settings, picture.view);
  CHECK(Cropped(settings, {apart.data(), 6, 5, 3, 40}) == expected);
  CHECK(Cropped(settings, {upside.data() + 5 * 15, 6, 5, 3, -15}) == expected);
}

TEST_CASE("what is transparent lies on white") {
  const Bytes pixels = {10, 20, 30, 255, 10, 20, 30, 0, 10, 20, 30, 128};
  const Bytes found = Cropped(Settings(1, 3, Resample::kBicubic), {pixels.data(), 1, 3, 4, 0});
  CHECK(found == Bytes{10, 20, 30, 255, 255, 255, 132, 137, 142});
}

TEST_CASE("a picture that is smaller than its crop has black around it, most before it") {
  ImageSettings settings;
  settings.output = {4, 3};
  settings.crop = settings.output;
  const Bytes pixel = {7};
  const Bytes found = Cropped(settings, {pixel.data(), 1, 1, 1, 0});
  for (size_t i = 0; i < 12; ++i) CHECK(found[i * 3] == (i == 2 * 3 + 1 ? 7 : 0));
}

TEST_CASE("pixels are scaled and normalised, a channel after the other") {
  ImageSettings settings = Settings(1, 2, Resample::kNearest);
  settings.mean = {0, 0.5, 1};
  settings.std = {1, 0.5, 2};
  const auto processor = ImageProcessor::Create(settings);
  REQUIRE(processor.ok());
  const Bytes pixels = {0, 0, 0, 255, 255, 255};
  std::vector<float> out(processor->floats());
  REQUIRE(processor->Process({pixels.data(), 1, 2, 3, 0}, out.data()).ok());
  CHECK(out == std::vector<float>{0, 1, -1, 1, -0.5, 0});
}

TEST_CASE("pictures that are none, or too large, are refused") {
  const auto processor = ImageProcessor::Create(Settings(2, 2, Resample::kBox), 100);
  REQUIRE(processor.ok());
  const Bytes bytes(4 * 101);
  Bytes out(12);
  for (const auto& [view, message] :
       {std::pair{ImageView{bytes.data(), 0, 5, 3, 0}, "is of 0 x 5 pixels"},
        {ImageView{bytes.data(), 5, 5, 2, 0}, "has 2 channels"},
        {ImageView{bytes.data(), 1, 101, 1, 0}, "at most 100 are read"},
        {ImageView{bytes.data(), SIZE_MAX / 2, 4, 1, 0}, "at most 100 are read"}}) {
    const Result<void> result = processor->Crop(view, out.data());
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kImage);
    CHECK(result.error().message.find(message) != std::string::npos);
  }
}

}  // namespace
}  // namespace sotto
