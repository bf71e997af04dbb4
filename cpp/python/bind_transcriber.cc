#include "bind_transcriber.h"

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "errors.h"
#include "sotto/transcriber.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

using FloatArray = py::array_t<float, py::array::c_style | py::array::forcecast>;

// Lets C++ call back into Python from a call that released the GIL. The first Python exception
// is kept, ends the call, and is raised again once the GIL is back.
class PythonCallbacks {
 public:
  template <typename Call>
  bool Run(const Call& call) {
    const py::gil_scoped_acquire acquire;
    if (exception_ != nullptr) return false;
    try {
      call();
      return true;
    } catch (...) {
      exception_ = std::current_exception();
      return false;
    }
  }

  void Rethrow() const {
    if (exception_ != nullptr) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

// Pulls samples from a Python iterator over float32 arrays [n].
class BlockSource {
 public:
  BlockSource(py::iterator blocks, PythonCallbacks* callbacks)
      : blocks_(std::move(blocks)), callbacks_(callbacks) {}

  Result<size_t> Read(float* out, size_t most) {
    size_t count = 0;
    const bool done = callbacks_->Run([&] {
      while (read_ == static_cast<size_t>(block_.size())) {
        if (blocks_ == py::iterator::sentinel()) return;
        block_ = FloatArray::ensure(*blocks_);
        if (!block_ || block_.ndim() != 1) {
          throw py::value_error("audio blocks must be arrays of shape [n]");
        }
        ++blocks_;
        read_ = 0;
      }
      count = std::min(most, static_cast<size_t>(block_.size()) - read_);
      std::copy_n(block_.data() + read_, count, out);
      read_ += count;
    });
    if (!done) return Error{ErrorCode::kCancelled, "the audio source failed"};
    return count;
  }

 private:
  py::iterator blocks_;
  PythonCallbacks* callbacks_;
  FloatArray block_;
  size_t read_ = 0;
};

Transcription Transcribe(Transcriber& transcriber, const py::iterable& blocks,
                         const std::string& language, const std::string& task, int max_tokens,
                         int window, const py::object& on_piece) {
  PythonCallbacks callbacks;
  BlockSource source(py::iter(blocks), &callbacks);
  TranscribeOptions options;
  options.language = language;
  options.task = task;
  options.max_tokens = max_tokens;
  options.window = window;
  // Ctrl-C takes effect at the next step.
  options.cancelled = [&] {
    return !callbacks.Run([] {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    });
  };
  std::function<void(const Piece&)> report;
  if (!on_piece.is_none()) {
    report = [&](const Piece& piece) { callbacks.Run([&] { on_piece(piece); }); };
  }
  Result<Transcription> result = [&] {
    const py::gil_scoped_release release;
    return transcriber.Transcribe([&](float* out, size_t most) { return source.Read(out, most); },
                                  options, report);
  }();
  callbacks.Rethrow();
  return Unwrap(std::move(result));
}

std::unique_ptr<Transcriber> Load(const std::filesystem::path& bundle, int threads, bool verify,
                                  const std::filesystem::path& library) {
  const LoadOptions options{threads, verify, library.string()};
  Result<std::unique_ptr<Transcriber>> result = [&] {
    const py::gil_scoped_release release;
    return Transcriber::Create(bundle.string(), options);
  }();
  return Unwrap(std::move(result));
}

}  // namespace

void BindTranscriber(py::module_& m) {
  py::class_<Piece>(m, "Piece", "Text of one piece of audio, one window long at most.")
      .def_readonly("start", &Piece::start, "seconds")
      .def_readonly("end", &Piece::end, "seconds")
      .def_readonly("text", &Piece::text, "as decoded, with its leading space")
      .def_readonly("tokens", &Piece::tokens, "sampled token ids")
      .def_readonly("average_log_probability", &Piece::average_log_probability)
      .def_readonly("no_speech_probability", &Piece::no_speech_probability);

  py::class_<Profile>(m, "Profile", "Milliseconds of each stage, and what the stages did.")
      .def_readonly("load_ms", &Profile::load_ms, "of graphs that were not loaded before")
      .def_readonly("log_mel_ms", &Profile::log_mel_ms)
      .def_readonly("encoder_ms", &Profile::encoder_ms)
      .def_readonly("decoder_ms", &Profile::decoder_ms)
      .def_readonly("total_ms", &Profile::total_ms)
      .def_readonly("encoder_runs", &Profile::encoder_runs)
      .def_readonly("decoder_steps", &Profile::decoder_steps)
      .def_readonly("cache_bytes_written", &Profile::cache_bytes_written);

  py::class_<Transcription>(m, "Transcription", "What was said.")
      .def_readonly("text", &Transcription::text)
      .def_readonly("language", &Transcription::language)
      .def_readonly("language_probabilities", &Transcription::language_probabilities,
                    "by language code; empty unless the language was detected")
      .def_readonly("pieces", &Transcription::pieces)
      .def_readonly("duration", &Transcription::duration, "seconds of audio")
      .def_readonly("window", &Transcription::window, "seconds of the window used")
      .def_readonly("profile", &Transcription::profile);

  py::class_<Transcriber>(m, "Transcriber", "Speech to text with one bundle.")
      .def(py::init(&Load), "bundle"_a, py::kw_only(), "threads"_a = 0, "verify"_a = true,
           "library"_a = "", "Opens a bundle. Raises BundleError, DeviceError or OptionError.")
      .def("transcribe", &Transcribe, "blocks"_a, py::kw_only(), "language"_a = "",
           "task"_a = "transcribe", "max_tokens"_a = 0, "window"_a = 0, "on_piece"_a = py::none(),
           "blocks: an iterable of float32 arrays [n], 16 kHz mono -> Transcription.")
      .def_property_readonly("name", [](const Transcriber& t) { return t.bundle().name; })
      .def_property_readonly("precision", [](const Transcriber& t) { return t.bundle().precision; })
      .def_property_readonly("multilingual",
                             [](const Transcriber& t) { return t.bundle().multilingual(); })
      .def_property_readonly("windows", [](const Transcriber& t) {
        std::vector<int> seconds;
        for (const Window& window : t.bundle().windows) seconds.push_back(window.seconds);
        return seconds;
      });
}

}  // namespace sotto
