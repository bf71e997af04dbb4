#include "bind_image.h"

#include <pybind11/native_enum.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "errors.h"
#include "gil.h"
#include "image_view.h"
#include "sotto/image_processor.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

using ExactFloatArray = py::array_t<float, py::array::c_style>;
using Sides = std::pair<size_t, size_t>;

ImageSize SizeOf(const Sides& sides) { return {sides.first, sides.second}; }

std::optional<ImageSize> SizeOf(const std::optional<Sides>& sides) {
  if (!sides) return std::nullopt;
  return SizeOf(*sides);
}

ImageProcessor MakeProcessor(const Sides& output, std::optional<size_t> shortest_edge,
                             const std::optional<Sides>& size, const std::optional<Sides>& crop,
                             Resample resample, double rescale, const std::array<double, 3>& mean,
                             const std::array<double, 3>& std, size_t max_pixels) {
  ImageSettings settings;
  settings.output = SizeOf(output);
  settings.shortest_edge = shortest_edge;
  settings.size = SizeOf(size);
  settings.crop = SizeOf(crop);
  settings.resample = resample;
  settings.rescale = rescale;
  settings.mean = mean;
  settings.std = std;
  return Unwrap(ImageProcessor::Create(settings, max_pixels));
}

void CheckSize(const ImageProcessor& processor, const ExactFloatArray& out) {
  const ImageSize& size = processor.settings().output;
  if (out.ndim() != 3 || out.shape(0) != static_cast<py::ssize_t>(ImageSettings::kChannels) ||
      out.shape(1) != static_cast<py::ssize_t>(size.height) ||
      out.shape(2) != static_cast<py::ssize_t>(size.width)) {
    ThrowPython({ErrorCode::kOption, "out must be of shape [3, height, width]"});
  }
}

void Process(const ImageProcessor& processor, const ByteArray& pixels, ExactFloatArray out) {
  CheckSize(processor, out);
  PackedBytes packed;
  const ImageView view = ViewOf(pixels, &packed);
  float* floats = out.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return processor.Process(view, floats);
  }();
  Unwrap(result);
}

py::array_t<uint8_t> Crop(const ImageProcessor& processor, const ByteArray& pixels) {
  const ImageSize& size = processor.settings().output;
  py::array_t<uint8_t> out({size.height, size.width, ImageSettings::kChannels});
  PackedBytes packed;
  const ImageView view = ViewOf(pixels, &packed);
  uint8_t* bytes = out.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return processor.Crop(view, bytes);
  }();
  Unwrap(result);
  return out;
}

}  // namespace

void BindImage(py::module_& m) {
  py::native_enum<Resample>(m, "Resample", "enum.Enum", "Pillow's filters.")
      .value("NEAREST", Resample::kNearest)
      .value("LANCZOS", Resample::kLanczos)
      .value("BILINEAR", Resample::kBilinear)
      .value("BICUBIC", Resample::kBicubic)
      .value("BOX", Resample::kBox)
      .value("HAMMING", Resample::kHamming)
      .finalize();

  py::class_<ImageProcessor>(m, "ImageProcessor",
                             "Decoded pictures to a model's pixels. Safe to share among threads.")
      .def(py::init(&MakeProcessor), py::kw_only(), "output"_a, "shortest_edge"_a, "size"_a,
           "crop"_a, "resample"_a, "rescale"_a, "mean"_a, "std"_a, "max_pixels"_a,
           "Sizes are (height, width). Raises OptionError.")
      .def("process", &Process, "pixels"_a, py::arg("out").noconvert(),
           "uint8 [h, w, 1, 3 or 4], of any row stride -> out, float32 [3, height, width].\n\n"
           "Raises ImageError.")
      .def("crop", &Crop, "pixels"_a,
           "uint8 [h, w, 1, 3 or 4], resized and cropped: uint8 [height, width, 3].\n\n"
           "Raises ImageError.");
}

}  // namespace sotto
