#include "bind_embedding.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "errors.h"
#include "gil.h"
#include "image_view.h"
#include "load.h"
#include "sotto/embedding_model.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// Other types are converted, other layouts copied.

py::array_t<float> Vectors(const EmbeddingModel& model, size_t n) {
  return py::array_t<float>(std::vector<size_t>{n, model.dimensions()});
}

py::array_t<float> EncodeTokens(const EmbeddingModel& model,
                                const std::vector<std::vector<int>>& ids) {
  py::array_t<float> vectors = Vectors(model, ids.size());
  float* out = vectors.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return model.EncodeTokens(ids, out);
  }();
  Unwrap(result);
  return vectors;
}

py::array_t<float> EncodeTexts(const EmbeddingModel& model, const std::vector<std::string>& texts,
                               const std::optional<std::string>& prompt) {
  py::array_t<float> vectors = Vectors(model, texts.size());
  float* out = vectors.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return model.EncodeTexts(texts, prompt, out);
  }();
  Unwrap(result);
  return vectors;
}

py::array_t<float> EncodePixels(const EmbeddingModel& model, const FloatArray& pixels) {
  const std::vector<size_t> shape = model.image_shape();
  const bool fits = pixels.ndim() == 4 &&
                    std::equal(shape.begin(), shape.end(), pixels.shape() + 1,
                               [](size_t a, auto b) { return static_cast<py::ssize_t>(a) == b; });
  if (!shape.empty() && !fits) {
    std::string expected = "[n";
    for (const size_t size : shape) expected += ", " + std::to_string(size);
    ThrowPython({ErrorCode::kOption,
                 "pixels must be of shape " + expected + "], as the model's processor gives them"});
  }
  const size_t n = shape.empty() ? 0 : static_cast<size_t>(pixels.shape(0));
  py::array_t<float> vectors = Vectors(model, n);
  const float* data = pixels.data();
  float* out = vectors.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return model.EncodePixels(data, n, out);
  }();
  Unwrap(result);
  return vectors;
}

py::array_t<float> EncodeImages(const EmbeddingModel& model, const std::vector<ByteArray>& images) {
  std::vector<PackedBytes> packed(images.size());
  std::vector<ImageView> views;
  for (size_t i = 0; i < images.size(); ++i) views.push_back(ViewOf(images[i], &packed[i]));
  py::array_t<float> vectors = Vectors(model, images.size());
  float* out = vectors.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return model.EncodeImages(views.data(), views.size(), out);
  }();
  Unwrap(result);
  return vectors;
}

void CheckMono(const FloatArray& samples) {
  if (samples.ndim() != 1) {
    ThrowPython({ErrorCode::kAudio, "samples must be of shape [n], mono"});
  }
}

std::pair<py::array_t<float>, size_t> EncodeAudio(const EmbeddingModel& model,
                                                  const FloatArray& samples, double loudest,
                                                  size_t window) {
  CheckMono(samples);
  py::array_t<float> vector(static_cast<py::ssize_t>(model.dimensions()));
  const float* data = samples.data();
  const auto n = static_cast<size_t>(samples.size());
  float* out = vector.mutable_data();
  const Result<size_t> result = [&] {
    const GilReleased released;
    return model.EncodeAudio(data, n, loudest, window, out);
  }();
  return {vector, Unwrap(result)};
}

double LoudestPosition(const FloatArray& samples) {
  CheckMono(samples);
  const float* data = samples.data();
  const auto n = static_cast<size_t>(samples.size());
  const GilReleased released;
  return EmbeddingModel::LoudestPosition(data, n);
}

}  // namespace

void BindEmbedding(py::module_& m) {
  py::class_<EmbeddingModel, std::shared_ptr<EmbeddingModel>>(
      m, "EmbeddingModel", "A bundle of kind embedding, for any number of threads at once.")
      .def(py::init(&Load<EmbeddingModel>), "bundle"_a, py::kw_only(), "threads"_a = 0,
           "verify"_a = true, "library"_a = "", "weight_cache"_a = py::none(),
           "accelerator"_a = "cpu", "soc"_a = "", "dispatch"_a = "",
           "Opens a bundle. Raises BundleError, DeviceError or OptionError.")
      .def_property_readonly("name", &EmbeddingModel::name)
      .def_property_readonly("family", &EmbeddingModel::family)
      .def_property_readonly("precision", &EmbeddingModel::precision)
      .def_property_readonly("dimensions", &EmbeddingModel::dimensions, "of a vector")
      .def_property_readonly("normalize", &EmbeddingModel::normalize,
                             "whether the checkpoint's own pipeline normalises")
      .def_property_readonly("accelerator", &EmbeddingModel::accelerator,
                             "what the graphs run on: cpu or npu")
      .def_property_readonly("fallback", &EmbeddingModel::fallback,
                             "why auto took the CPU; empty if it did not")
      .def_property_readonly("modalities", &EmbeddingModel::modalities, "text, image, audio")
      .def_property_readonly("max_length", &EmbeddingModel::max_length,
                             "tokens of the longest text; 0 without an encoder of text")
      .def_property_readonly("image_shape", &EmbeddingModel::image_shape,
                             "channels, height, width; empty without an encoder of images")
      .def_property_readonly("windows", &EmbeddingModel::windows,
                             "seconds, ascending; empty without an encoder of audio")
      .def("encode_tokens", &EncodeTokens, "ids"_a,
           "Token ids of each text, special ones included -> float32 [n, d], not normalised.\n\n"
           "Raises OptionError for a text that is too long or has unknown tokens.")
      .def_property_readonly("prompts", &EmbeddingModel::prompts,
                             "what the model was trained to find before texts, by use")
      .def(
          "tokenizer",
          [](const EmbeddingModel& model) {
            Result<TextTokenizer> tokenizer = [&] {
              const GilReleased released;
              return model.Tokenizer();
            }();
            return Unwrap(std::move(tokenizer));
          },
          "The encoder of text's TextTokenizer.\n\n"
          "Raises BundleError if its file is damaged or not of a kind that the runtime reads.")
      .def("encode_texts", &EncodeTexts, "texts"_a, "prompt"_a = py::none(),
           "Texts, cut to max_length -> float32 [n, d], not normalised.\n\n"
           "prompt: a key of prompts; None is the default, an empty string none. Raises "
           "OptionError.")
      .def("encode_pixels", &EncodePixels, "pixels"_a,
           "float32 [n, channels, height, width] -> float32 [n, d], not normalised.")
      .def("encode_images", &EncodeImages, "images"_a,
           "Decoded pictures, uint8 [h, w, 1, 3 or 4] -> float32 [n, d], not normalised.\n\n"
           "Raises ImageError for a picture that is refused.")
      .def("encode_audio", &EncodeAudio, "samples"_a, "loudest"_a, "window"_a = 0,
           "One window: float32 [n] at 16 kHz, and the recording's loudest position -> float32 "
           "[d],\nnot normalised, the mean over positions that hold sound, and how many do.\n"
           "window: seconds of the shortest that may be taken.\n\n"
           "Raises AudioError.")
      .def(
          "close",
          [](const EmbeddingModel& model) {
            const GilReleased released;
            model.Close();
          },
          "Frees what is idle; later calls raise OptionError.")
      .def_static("loudest_position", &LoudestPosition, "samples"_a,
                  "Mean power of the loudest 20 ms of float32 [n] at 16 kHz.");
}

}  // namespace sotto
