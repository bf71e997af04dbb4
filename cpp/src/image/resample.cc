#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "image/filter_taps.h"
#include "image/weighted_rows.h"

namespace sotto {
namespace {

constexpr size_t kChannels = ImageSettings::kChannels;

// As transformers lays a picture with opacity on white: in double, and to the even number.
uint8_t OnWhite(uint8_t value, uint8_t opacity) {
  const double share = opacity / 255.0;
  return static_cast<uint8_t>(std::nearbyint(share * value + (1 - share) * 255.0));
}

// Rows of a picture as red, green and blue.
class RgbRows {
 public:
  explicit RgbRows(const ImageView& image)
      : image_(image),
        stride_(image.row_stride != 0 ? image.row_stride
                                      : static_cast<ptrdiff_t>(image.width * image.channels)) {}

  // out: [width, 3].
  void Read(size_t y, uint8_t* out) const {
    const uint8_t* row = image_.data + static_cast<ptrdiff_t>(y) * stride_;
    if (image_.channels == kChannels) {
      std::memcpy(out, row, image_.width * kChannels);
    } else if (image_.channels == 1) {
      for (size_t x = 0; x < image_.width; ++x) std::fill_n(out + x * kChannels, kChannels, row[x]);
    } else {
      for (const uint8_t* const end = row + image_.width * 4; row != end; row += 4) {
        for (size_t c = 0; c < kChannels; ++c) *out++ = OnWhite(row[c], row[3]);
      }
    }
  }

 private:
  const ImageView& image_;
  const ptrdiff_t stride_;
};

void TakeNearest(const RgbRows& rows, const ResampleAxis& vertical, const ResampleAxis& horizontal,
                 uint8_t* out, size_t out_stride) {
  const std::vector<size_t> xs = NearestPixels(horizontal);
  std::vector<uint8_t> row(horizontal.in * kChannels);
  for (const size_t y : NearestPixels(vertical)) {
    rows.Read(y, row.data());
    uint8_t* pixel = out;
    for (const size_t x : xs) pixel = std::copy_n(row.data() + x * kChannels, kChannels, pixel);
    out += out_stride;
  }
}

bool KeepsSize(const ResampleAxis& axis) { return axis.in == axis.out; }

// Pillow's rule since version 13. What is between the passes is rounded to 8 bits, so that their
// order is seen in the result.
bool DownFirst(const ResampleAxis& vertical, const ResampleAxis& horizontal) {
  const auto less = [](const ResampleAxis& axis) {
    return static_cast<int64_t>(axis.in) - static_cast<int64_t>(axis.out);
  };
  return less(vertical) > 0 && less(vertical) > less(horizontal) * 2;
}

FilterTaps PackedTaps(const ResampleAxis& axis, Resample resample) {
  FilterTaps taps = MakeFilterTaps(axis, resample);
  PackWeights(&taps);
  return taps;
}

// Resizes along the rows, one after the other.
class AcrossPass {
 public:
  AcrossPass(const ResampleAxis& axis, Resample resample) : axis_(axis) {
    if (!KeepsSize(axis)) taps_ = PackedTaps(axis, resample);
  }

  // row: [in, 3], and kRowPadding bytes. out: [kept, 3].
  void Run(const std::vector<uint8_t>& row, uint8_t* out) const {
    if (KeepsSize(axis_)) {
      std::copy_n(row.data() + axis_.first * kChannels, axis_.kept * kChannels, out);
    } else {
      WeighAcross(row.data(), taps_, out);
    }
  }

 private:
  const ResampleAxis axis_;
  FilterTaps taps_;
};

// Resizes down the columns of rows that all lie in memory.
class DownPass {
 public:
  DownPass(const ResampleAxis& axis, Resample resample)
      : axis_(axis), taps_(PackedTaps(axis, resample)), weighed_(taps_.count) {}

  // The rows that are needed, from the first to the one before the end.
  size_t first() const { return taps_.starts.front(); }
  size_t end() const { return std::min(taps_.starts.back() + taps_.count, axis_.in); }

  // rows: row y of the picture is rows + (y - first()) * stride. out: row `y` of those kept.
  void Run(const uint8_t* rows, ptrdiff_t stride, size_t bytes, size_t y, uint8_t* out) {
    for (size_t i = 0; i < taps_.count; ++i) {
      const size_t row = std::min(taps_.starts[y] + i, end() - 1);  // a weight of 0 may lie beyond
      weighed_[i] = rows + static_cast<ptrdiff_t>(row - first()) * stride;
    }
    WeighDown(weighed_, taps_.weights.data() + y * taps_.count, bytes, out);
  }

 private:
  const ResampleAxis axis_;
  const FilterTaps taps_;
  std::vector<const uint8_t*> weighed_;
};

}  // namespace

void ResampleImage(const ImageView& image, const ResampleAxis& vertical,
                   const ResampleAxis& horizontal, Resample resample, uint8_t* out,
                   size_t out_stride) {
  const RgbRows rows(image);
  if (resample == Resample::kNearest) {
    TakeNearest(rows, vertical, horizontal, out, out_stride);
    return;
  }
  const AcrossPass across(horizontal, resample);
  std::vector<uint8_t> row(horizontal.in * kChannels + kRowPadding);
  if (KeepsSize(vertical)) {
    for (size_t y = 0; y < vertical.kept; ++y) {
      rows.Read(vertical.first + y, row.data());
      across.Run(row, out + y * out_stride);
    }
    return;
  }
  DownPass down(vertical, resample);
  const bool down_first = DownFirst(vertical, horizontal);
  const size_t bytes = (down_first ? horizontal.in : horizontal.kept) * kChannels;
  std::vector<uint8_t> between((down.end() - down.first()) * bytes + kRowPadding);
  uint8_t* target = between.data();
  for (size_t y = down.first(); y < down.end(); ++y, target += bytes) {
    if (down_first) {
      rows.Read(y, target);
    } else {
      rows.Read(y, row.data());
      across.Run(row, target);
    }
  }
  const auto stride = static_cast<ptrdiff_t>(bytes);
  for (size_t y = 0; y < vertical.kept; ++y, out += out_stride) {
    down.Run(between.data(), stride, bytes, y, down_first ? row.data() : out);
    if (down_first) across.Run(row, out);
  }
}

}  // namespace sotto
