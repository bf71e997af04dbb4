#include "bind_alignment.h"

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
#include "platform/path.h"
#include "whisper/alignment_graph.h"
#include "whisper/whisper_graphs.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// One window of a bundle: the encoder, and the alignment over its outputs.
class Aligner {
 public:
  static Result<std::unique_ptr<Aligner>> Create(const std::string& directory, int seconds,
                                                 int threads, const std::string& library) {
    SOTTO_ASSIGN_OR_RETURN(const auto files, BundleFiles::Open(directory));
    SOTTO_ASSIGN_OR_RETURN(WhisperBundle bundle, WhisperBundle::Open(*files));
    SOTTO_ASSIGN_OR_RETURN(WhisperTables tables, WhisperTables::Open(bundle));
    std::unique_ptr<Aligner> aligner(new Aligner(std::move(bundle), std::move(tables)));
    SOTTO_RETURN_IF_ERROR(aligner->Load(seconds, threads, library));
    return aligner;
  }

  // log_mel [n_mels, frames] and a text -> logits [n, V] and scores [A, n, T].
  // `blocks`: cancelled before it runs more of them.
  py::tuple Align(const FloatArray& log_mel, const std::vector<int>& text, int blocks) {
    const size_t elements = static_cast<size_t>(bundle_.n_mels) * graphs_->window().frames;
    if (static_cast<size_t>(log_mel.size()) != elements) {
      ThrowPython({ErrorCode::kAudio, "log_mel is not of the window's shape"});
    }
    const auto n = static_cast<py::ssize_t>(text.size());
    const auto n_vocab = static_cast<size_t>(bundle_.decoder.vocabulary);
    py::array_t<float> logits({n, static_cast<py::ssize_t>(n_vocab)});
    float* rows = logits.mutable_data();
    std::copy_n(log_mel.data(), log_mel.size(), graphs_->log_mel());
    std::vector<float> scores;
    const Result<void> result = [&]() -> Result<void> {
      const GilReleased released;
      SOTTO_RETURN_IF_ERROR(graphs_->Encode());
      const auto keep = [&](size_t position, const float* row) {
        std::copy_n(row, n_vocab, rows + position * n_vocab);
      };
      const auto cancelled = [&] { return blocks-- == 0; };
      return alignment_->Run(text, keep, cancelled, &scores);
    }();
    Unwrap(result);
    const std::vector<py::ssize_t> shape = {
        static_cast<py::ssize_t>(alignment_->heads()), n,
        static_cast<py::ssize_t>(alignment_->audio_positions())};
    return py::make_tuple(logits, py::array_t<float>(shape, scores.data()));
  }

 private:
  Aligner(WhisperBundle bundle, WhisperTables tables)
      : bundle_(std::move(bundle)), tables_(std::move(tables)) {}

  Result<void> Load(int seconds, int threads, const std::string& library) {
    const auto window =
        std::find_if(bundle_.windows.begin(), bundle_.windows.end(),
                     [&](const Window& candidate) { return candidate.seconds == seconds; });
    if (window == bundle_.windows.end()) return Error{ErrorCode::kOption, "no such window"};
    SOTTO_ASSIGN_OR_RETURN(auto runtime, LiteRtRuntime::Create(library));
    files_ = std::make_unique<CompiledFiles>(runtime, threads);
    encoders_ = std::make_unique<EncoderPool>(
        [runtime, threads] { return std::make_unique<CompiledFiles>(runtime, threads); });
    SOTTO_ASSIGN_OR_RETURN(
        graphs_, WhisperGraphs::Create(files_.get(), *encoders_, bundle_, *window, tables_));
    SOTTO_ASSIGN_OR_RETURN(
        alignment_, AlignmentGraph::Create(files_.get(), bundle_, *window, graphs_->decoder()));
    return {};
  }

  WhisperBundle bundle_;
  WhisperTables tables_;
  std::unique_ptr<CompiledFiles> files_;
  std::unique_ptr<EncoderPool> encoders_;
  std::unique_ptr<WhisperGraphs> graphs_;
  std::unique_ptr<AlignmentGraph> alignment_;
};

}  // namespace

void BindAlignment(py::module_& m) {
  py::class_<Aligner>(m, "Aligner", "Alignment scores of a text, from one window of a bundle.")
      .def(py::init([](const std::filesystem::path& bundle, int window, int threads,
                       const std::filesystem::path& library) {
             return Unwrap(Aligner::Create(Utf8From(bundle), window, threads, Utf8From(library)));
           }),
           "bundle"_a, py::kw_only(), "window"_a, "threads"_a = 1, "library"_a = "")
      .def("align", &Aligner::Align, "log_mel"_a, "text"_a, py::kw_only(), "blocks"_a = -1,
           "log_mel [n_mels, frames], text: n tokens from the start sequence on ->\n"
           "(logits [n, V], scores [A, n, T]). blocks: what may run before it is cancelled; -1: "
           "all.\n\n"
           "Raises ModelError if the text is longer than the cache or holds no token.");
}

}  // namespace sotto
