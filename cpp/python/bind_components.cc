#include "bind_components.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrays.h"
#include "decode/embedding_table.h"
#include "errors.h"
#include "gil.h"
#include "litert/cpu_threads.h"
#include "platform/path.h"
#include "sotto/bundle_files.h"
#include "sotto/log_mel.h"
#include "sotto/tokenizer.h"
#include "sotto/wav.h"
#include "text/compression_ratio.h"
#include "tflite/verify_model.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// Other types are converted, other layouts copied.

LogMel MakeLogMel(const FloatArray& filters) {
  if (filters.ndim() != 2 || filters.shape(1) != static_cast<py::ssize_t>(kFftBins)) {
    ThrowPython({ErrorCode::kBundle, "mel filters must be of shape [n_mels, 201]"});
  }
  return Unwrap(LogMel::Create(filters.data(), static_cast<size_t>(filters.shape(0))));
}

py::array_t<float> ComputeLogMel(const LogMel& mel, const FloatArray& samples, size_t frames) {
  if (samples.ndim() != 1) {
    ThrowPython({ErrorCode::kAudio, "samples must be of shape [n], mono"});
  }
  // Checked by Compute too, but the output is made here.
  if (frames < kMinFrames || frames > kMaxFrames) Unwrap(mel.Compute(nullptr, 0, frames, nullptr));
  py::array_t<float> out({mel.n_mels(), frames});
  const float* in = samples.data();
  const auto n_samples = static_cast<size_t>(samples.size());
  float* levels = out.mutable_data();
  const Result<void> result = [&] {
    const GilReleased released;
    return mel.Compute(in, n_samples, frames, levels);
  }();
  Unwrap(result);
  return out;
}

EmbeddingTable OpenEmbeddingTable(const std::filesystem::path& path,
                                  const std::optional<std::filesystem::path>& scales_path,
                                  size_t n_vocab, size_t width) {
  std::shared_ptr<const FileView> scales;
  if (scales_path) scales = Unwrap(FileView::Open(Utf8From(*scales_path)));
  return Unwrap(
      EmbeddingTable::Open(Unwrap(FileView::Open(Utf8From(path))), scales, n_vocab, width));
}

py::array_t<float> EmbeddingRow(const EmbeddingTable& table, int token) {
  py::array_t<float> row(static_cast<py::ssize_t>(table.width()));
  Unwrap(table.Row(token, row.mutable_data()));
  return row;
}

std::string HashFile(const std::filesystem::path& path) {
  const std::shared_ptr<const FileView> file = Unwrap(FileView::Open(Utf8From(path)));
  const GilReleased released;
  return file->sha256();
}

void Verify(const std::string& name, const py::buffer& model) {
  const py::buffer_info bytes = model.request();
  if (bytes.ndim != 1 || bytes.strides[0] != bytes.itemsize) {
    throw py::type_error("model must be bytes, one behind another");
  }
  const auto size = static_cast<size_t>(bytes.size * bytes.itemsize);
  Unwrap(VerifyModel(name, static_cast<const uint8_t*>(bytes.ptr), size));
}

Result<std::vector<float>> ReadAllSamples(const std::string& path) {
  constexpr size_t kPiece = size_t{1} << 20;
  SOTTO_ASSIGN_OR_RETURN(WavReader reader, WavReader::Open(path));
  std::vector<float> samples(static_cast<size_t>(reader.frames()));
  for (size_t done = 0; done < samples.size();) {
    SOTTO_ASSIGN_OR_RETURN(const size_t n, reader.Read(samples.data() + done,
                                                       std::min(kPiece, samples.size() - done)));
    done += n;
  }
  return samples;
}

py::array_t<float> ReadWav(const std::filesystem::path& path) {
  Result<std::vector<float>> result = [&] {
    const GilReleased released;
    return ReadAllSamples(Utf8From(path));
  }();
  const std::vector<float> samples = Unwrap(std::move(result));
  return py::array_t<float>(static_cast<py::ssize_t>(samples.size()), samples.data());
}

}  // namespace

void BindComponents(py::module_& m) {
  py::class_<LogMel>(m, "LogMel",
                     "Log-mel spectrogram of 16 kHz audio, as openai-whisper computes it.")
      .def(py::init(&MakeLogMel), "filters"_a, "filters: float32 [n_mels, 201]")
      .def_property_readonly("n_mels", &LogMel::n_mels)
      .def("compute", &ComputeLogMel, "samples"_a, "frames"_a,
           "float32 [n] samples, cut or padded to frames * 160 -> float32 [n_mels, frames].\n\n"
           "Raises AudioError if a sample is not finite, OptionError if frames is out of range.");

  py::class_<Tokenizer>(m, "Tokenizer",
                        "Token ids to text and back, from a bundle's tokenizer.tiktoken.")
      .def(py::init([](const std::filesystem::path& path, int n_text) {
             return Unwrap(Tokenizer::Open(*Unwrap(FileView::Open(Utf8From(path))), n_text));
           }),
           "path"_a, "n_text"_a,
           "n_text: ids below it are text. Raises BundleError unless the file holds just those.")
      .def_property_readonly("n_text", &Tokenizer::n_text)
      .def("decode", &Tokenizer::Decode, "tokens"_a,
           "Text of the tokens, U+FFFD for ill-formed UTF-8; special tokens have none.")
      .def(
          "decode_bytes",
          [](const Tokenizer& tokenizer, const std::vector<int>& tokens) {
            return py::bytes(tokenizer.DecodeBytes(tokens));
          },
          "tokens"_a, "Bytes of the tokens; special tokens have none.")
      .def("encode", &Tokenizer::Encode, "text"_a,
           "Tokens of the text, as tiktoken's encode_ordinary() gives them.");

  py::class_<EmbeddingTable>(m, "EmbeddingTable", "Rows of a mapped token embedding table.")
      .def(py::init(&OpenEmbeddingTable), "path"_a, "scales_path"_a.none(true), "n_vocab"_a,
           "width"_a,
           "path: float32, float16 or int8 .npy [n_vocab, width]; scales_path: float32 .npy\n"
           "[n_vocab] for int8, else None. Raises BundleError if they are not that.")
      .def("row", &EmbeddingRow, "token"_a,
           "float32 [width]. Raises ModelError if the table has no such row.");

  m.def(
      "decode_utf8", [](const py::bytes& bytes) { return DecodeUtf8(std::string_view(bytes)); },
      "bytes"_a, "As bytes.decode(\"utf-8\", errors=\"replace\").");
  m.def(
      "strip", [](const std::string& text) { return std::string(TrimWhitespace(text)); }, "text"_a,
      "As str.strip().");
  m.def("compression_ratio", &CompressionRatio, "text"_a,
        "UTF-8 bytes of the text over its bytes as zlib packs them; 0 for none.");
  m.def(
      "usable_cpus", [] { return UsableCpus(ThisProcess()); },
      "CPUs that this process can keep busy: its affinity mask's, within its group's quota.");
  m.def("verify_model", &Verify, "name"_a, "model"_a,
        "Raises BundleError, with the file's name, if the bytes of a .tflite file are not such as\n"
        "may be given to LiteRT, which trusts what it reads.");
  m.def("sha256_of_file", &HashFile, "path"_a,
        "SHA-256 in hexadecimal. Raises BundleError if the file can't be read.");
  m.def("read_wav", &ReadWav, "path"_a,
        "Mono float32 [n] of a 16 kHz WAVE file. Raises AudioError if it is not one.");

  BindWindowDecoder(m);
  BindKvCache(m);
}

}  // namespace sotto
