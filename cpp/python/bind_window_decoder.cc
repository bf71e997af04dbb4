// One window's decoding for tests and measurements: without the seek loop around it.

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bind_components.h"
#include "errors.h"
#include "gil.h"
#include "litert/litert_graph.h"
#include "platform/path.h"
#include "python_graphs.h"
#include "sotto/tokenizer.h"
#include "whisper/decoder.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// A bundle's tables and decoder, and the graphs of the windows that were encoded.
class WindowDecoder {
 public:
  // Its graphs are computed by LiteRT, or by `run` unless that is None.
  static Result<std::unique_ptr<WindowDecoder>> Create(const std::string& directory,
                                                       const std::string& library, int threads,
                                                       py::object run) {
    SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
    SOTTO_ASSIGN_OR_RETURN(WhisperBundle bundle, WhisperBundle::Open(*files));
    SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                           Tokenizer::Open(*bundle.tokenizer, bundle.vocabulary.eot));
    SOTTO_ASSIGN_OR_RETURN(WhisperTables tables, WhisperTables::Open(bundle));
    std::shared_ptr<const LiteRtRuntime> runtime;
    if (run.is_none()) {
      SOTTO_ASSIGN_OR_RETURN(runtime, LiteRtRuntime::Create(library));
    }
    if (threads <= 0) threads = static_cast<int>(std::thread::hardware_concurrency());
    return std::unique_ptr<WindowDecoder>(new WindowDecoder(std::move(bundle), std::move(tokenizer),
                                                            std::move(tables), std::move(runtime),
                                                            std::max(1, threads), std::move(run)));
  }

  Result<void> Encode(const float* log_mel, size_t n_mels, size_t frames) {
    const auto window = std::find_if(bundle_.windows.begin(), bundle_.windows.end(),
                                     [&](const Window& one) { return one.frames == frames; });
    if (window == bundle_.windows.end() || n_mels != static_cast<size_t>(bundle_.n_mels)) {
      return Error{ErrorCode::kOption, "log_mel is [" + std::to_string(n_mels) + ", " +
                                           std::to_string(frames) + "], expected " +
                                           std::to_string(bundle_.n_mels) +
                                           " mels and the frames of one of the bundle's windows"};
    }
    std::unique_ptr<WhisperGraphs>& graphs = graphs_[frames];
    if (graphs == nullptr) {
      SOTTO_ASSIGN_OR_RETURN(
          graphs, WhisperGraphs::Create(files_.get(), encoders_, bundle_, *window, tables_));
    }
    encoded_ = graphs.get();
    std::copy_n(log_mel, n_mels * frames, encoded_->log_mel());
    return encoded_->Encode();
  }

  Result<std::map<std::string, float>> DetectLanguage() {
    SOTTO_RETURN_IF_ERROR(CheckEncoded());
    return decoder_.DetectLanguage(nullptr, encoded_);
  }

  Result<DecodedWindow> Decode(const DecodeRequest& request) {
    SOTTO_RETURN_IF_ERROR(CheckEncoded());
    return decoder_.Decode(request, encoded_);
  }

  PythonGraphs& python() { return python_; }

  DecoderCounters counters() const {
    return encoded_ == nullptr ? DecoderCounters() : encoded_->counters().decoder;
  }

 private:
  WindowDecoder(WhisperBundle bundle, Tokenizer tokenizer, WhisperTables tables,
                std::shared_ptr<const LiteRtRuntime> runtime, int threads, py::object run)
      : bundle_(std::move(bundle)),
        tokenizer_(std::move(tokenizer)),
        tables_(std::move(tables)),
        runtime_(std::move(runtime)),
        threads_(threads),
        python_(std::move(run)),
        files_(MakeFiles()),
        encoders_([this] { return MakeFiles(); }),
        decoder_(bundle_, tokenizer_) {}

  std::unique_ptr<CompiledFiles> MakeFiles() {
    if (runtime_ != nullptr) return std::make_unique<CompiledFiles>(runtime_, threads_);
    return std::make_unique<CompiledFiles>(
        python_.Function([this] { return py::cast(this, py::return_value_policy::reference); }));
  }

  Result<void> CheckEncoded() const {
    if (encoded_ != nullptr) return {};
    return Error{ErrorCode::kOption, "nothing was encoded: call encode first"};
  }

  const WhisperBundle bundle_;
  const Tokenizer tokenizer_;
  const WhisperTables tables_;
  const std::shared_ptr<const LiteRtRuntime> runtime_;  // null: Python computes
  const int threads_;
  PythonGraphs python_;
  const std::unique_ptr<CompiledFiles> files_;
  const EncoderPool encoders_;
  const Decoder decoder_;
  std::map<size_t, std::unique_ptr<WhisperGraphs>> graphs_;  // by frames
  WhisperGraphs* encoded_ = nullptr;
};

using SetField = std::function<void(const py::handle&, DecodeRequest*)>;

template <typename Struct, typename T>
SetField Field(T Struct::* field) {
  return [field](const py::handle& value, DecodeRequest* request) {
    request->*field = value.cast<T>();
  };
}

DecodeRequest MakeRequest(const py::kwargs& options) {
  static const std::map<std::string, SetField> kFields = {
      {"language", Field(&DecodeRequest::language)},
      {"task", Field(&DecodeRequest::task)},
      {"temperature", Field(&DecodeRequest::temperature)},
      {"sample_len", Field(&DecodeRequest::sample_len)},
      {"samples", Field(&DecodeRequest::samples)},
      {"beam_size", Field(&DecodeRequest::beam_size)},
      {"patience", Field(&DecodeRequest::patience)},
      {"length_penalty", Field(&DecodeRequest::length_penalty)},
      {"prompt", Field(&DecodeRequest::prompt)},
      {"prefix", Field(&DecodeRequest::prefix)},
      {"suppress_tokens", Field(&DecodeRequest::suppress_tokens)},
      {"suppress_blank", Field(&DecodeRequest::suppress_blank)},
      {"without_timestamps", Field(&DecodeRequest::without_timestamps)},
      {"max_initial_timestamp", Field(&DecodeRequest::max_initial_timestamp)},
      {"seed", Field(&DecodeRequest::seed)},
      {"cancelled", Field(&DecodeRequest::cancelled)},
  };
  DecodeRequest request;
  for (const auto& [name, value] : options) {
    const auto field = kFields.find(name.cast<std::string>());
    if (field == kFields.end()) {
      throw py::type_error("decode() has no option " + name.cast<std::string>());
    }
    field->second(value, &request);
  }
  return request;
}

py::dict Decode(WindowDecoder& decoder, const py::kwargs& options) {
  const DecodeRequest request = MakeRequest(options);
  const DecodedWindow decoded =
      Unwrap(decoder.python().Run([&] { return decoder.Decode(request); }));
  py::dict out;
  out["tokens"] = decoded.tokens;
  out["token_logprobs"] = decoded.token_logprobs;
  out["text"] = decoded.text;
  out["temperature"] = decoded.temperature;
  out["avg_logprob"] = decoded.avg_logprob;
  out["no_speech_prob"] = decoded.no_speech_prob;
  out["compression_ratio"] = decoded.compression_ratio;
  return out;
}

void EncodeWindow(WindowDecoder& decoder, const FloatArray& log_mel) {
  if (log_mel.ndim() != 2) {
    ThrowPython({ErrorCode::kOption, "log_mel must be of shape [n_mels, frames]"});
  }
  const float* data = log_mel.data();
  const auto n_mels = static_cast<size_t>(log_mel.shape(0));
  const auto frames = static_cast<size_t>(log_mel.shape(1));
  Unwrap(decoder.python().Run([&] { return decoder.Encode(data, n_mels, frames); }));
}

}  // namespace

void BindWindowDecoder(py::module_& m) {
  py::class_<WindowDecoder>(m, "WindowDecoder", "Decodes one window of log-mel frames.")
      .def(
          py::init([](const std::filesystem::path& bundle, const std::filesystem::path& library,
                      int threads, py::object run) {
            return Unwrap(WindowDecoder::Create(Utf8From(bundle), Utf8From(library), threads,
                                                std::move(run)));
          }),
          "bundle"_a, py::kw_only(), "library"_a = "", "threads"_a = 0, "run"_a = py::none(),
          "library: LiteRT's; threads: of its CPU kernels; 0: as many as there are cores.\n"
          "run: computes the graphs in LiteRT's place: run(signature, inputs) -> outputs, both\n"
          "dicts of float32 arrays by name. Inputs are not to be changed, and are others' once\n"
          "it has returned. It must not hold this object, which Python's collector could not see.\n"
          "Raises what run raises, and ModelError for outputs that don't fit.")
      .def("encode", &EncodeWindow, "log_mel"_a,
           "float32 [n_mels, frames], frames those of one of the bundle's windows.\n\n"
           "Raises OptionError if there is no such window.")
      .def(
          "detect_language",
          [](WindowDecoder& decoder) {
            return Unwrap(decoder.python().Run([&] { return decoder.DetectLanguage(); }));
          },
          "Probability by language code. Raises OptionError for an English-only model.")
      .def("decode", &Decode,
           "Decodes what was last encoded. Options are the fields of DecodeRequest\n"
           "(cpp/src/whisper/decode_request.h), the result those of DecodedWindow.")
      .def_property_readonly(
          "counters",
          [](const WindowDecoder& decoder) {
            const DecoderCounters counters = decoder.counters();
            py::dict out;
            out["decoder_steps"] = counters.steps;
            out["decoder_ms"] = counters.milliseconds;
            out["cache_bytes_written"] = counters.cache_bytes_written;
            out["cache_bytes_copied"] = counters.cache_bytes_copied;
            return out;
          },
          "What the decoder of the last encoded window did since it was made.");
}

}  // namespace sotto
