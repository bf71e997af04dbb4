// A decoder of any model over its caches, for tests and measurements.

#include "bind_kv_decoder.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bundle/npy.h"
#include "decode/kv_decoder.h"
#include "decoder_arguments.h"
#include "errors.h"
#include "platform/path.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

using Paths = std::map<std::string, std::filesystem::path>;

// A .tflite, the tables beside it, and the decoder over both.
class TableDecoder {
 public:
  static Result<std::unique_ptr<TableDecoder>> Create(const std::string& model,
                                                      const DecoderSpec& spec, DecoderGraphs graphs,
                                                      const std::string& tokens,
                                                      const Paths& positions,
                                                      const std::string& library, int threads) {
    SOTTO_ASSIGN_OR_RETURN(const auto file, FileView::Open(model));
    SOTTO_ASSIGN_OR_RETURN(const auto rows, FileView::Open(tokens));
    SOTTO_ASSIGN_OR_RETURN(EmbeddingTable table,
                           EmbeddingTable::Open(rows, nullptr, static_cast<size_t>(spec.vocabulary),
                                                static_cast<size_t>(spec.width)));
    SOTTO_ASSIGN_OR_RETURN(auto runtime, LiteRtRuntime::Create(library));
    std::unique_ptr<TableDecoder> made(
        new TableDecoder(std::move(table), std::move(runtime), threads));
    DecoderTables tables = {&made->tokens_, {}};
    for (const auto& [input, path] : positions) {
      SOTTO_ASSIGN_OR_RETURN(const auto npy, FileView::Open(Utf8From(path)));
      SOTTO_ASSIGN_OR_RETURN(MappedNpy mapped, MappedNpy::Open(npy));
      tables.positions.push_back(
          {input, &made->positions_.emplace(input, std::move(mapped)).first->second});
    }
    graphs.step.file = file;
    if (graphs.block) graphs.block->file = file;
    SOTTO_ASSIGN_OR_RETURN(made->decoder_, KvDecoder::Create(&made->files_, spec, graphs, tables));
    return made;
  }

  KvDecoder* operator->() { return decoder_.get(); }

 private:
  TableDecoder(EmbeddingTable tokens, std::shared_ptr<const LiteRtRuntime> runtime, int threads)
      : tokens_(std::move(tokens)), files_(std::move(runtime), threads) {}

  const EmbeddingTable tokens_;
  std::map<std::string, MappedNpy> positions_;  // by input
  CompiledFiles files_;
  std::unique_ptr<KvDecoder> decoder_;
};

DecoderGraphs GraphsOf(const py::object& step, const py::object& block) {
  DecoderGraphs graphs = {SignatureOf(step), std::nullopt};
  if (!block.is_none()) graphs.block = SignatureOf(block);
  return graphs;
}

void CheckText(TableDecoder& decoder, size_t text) {
  if (text >= decoder->texts()) throw py::index_error("there is no such text");
}

// Calls feed(on_logits) and gives the logits of `count` positions; None where not asked for.
template <typename Call>
py::object Fed(TableDecoder& decoder, size_t count, bool logits, const Call& feed) {
  if (!logits) {
    Unwrap(feed(KvDecoder::OnLogits()));
    return py::none();
  }
  const auto n_vocab = static_cast<size_t>(decoder->spec().vocabulary);
  py::array_t<float> rows({count, n_vocab});
  float* next = rows.mutable_data();
  const auto keep = [&](int, const float* row) { next = std::copy_n(row, n_vocab, next); };
  Unwrap(feed(KvDecoder::OnLogits(keep)));
  return std::move(rows);
}

py::object Feed(TableDecoder& decoder, const std::vector<int>& tokens, bool logits, size_t text) {
  CheckText(decoder, text);
  return Fed(decoder, tokens.size(), logits, [&](const KvDecoder::OnLogits& keep) {
    return decoder->Feed(tokens, nullptr, keep, text);
  });
}

py::object FeedRows(TableDecoder& decoder, const FloatArray& rows, bool logits, size_t text) {
  CheckText(decoder, text);
  if (rows.ndim() != 2 || rows.shape(1) != decoder->spec().width) {
    throw py::value_error("rows must be of shape [n, width]");
  }
  const auto count = static_cast<size_t>(rows.shape(0));
  return Fed(decoder, count, logits, [&](const KvDecoder::OnLogits& keep) {
    return decoder->FeedRows(rows.data(), count, nullptr, keep, text);
  });
}

py::array_t<float> Step(TableDecoder& decoder, int token, size_t text) {
  CheckText(decoder, text);
  const float* logits = Unwrap(decoder->Step(token, text));
  return py::array_t<float>(decoder->spec().vocabulary, logits);
}

}  // namespace

void BindKvDecoder(py::module_& m) {
  py::class_<TableDecoder>(m, "KvDecoder", "A decoder over caches: texts taken further.")
      .def(py::init([](const std::filesystem::path& model, const py::object& spec,
                       const py::object& step, const py::object& block,
                       const std::filesystem::path& tokens, const Paths& positions,
                       const std::filesystem::path& library, int threads) {
             return Unwrap(TableDecoder::Create(Utf8From(model), SpecOf(spec),
                                                GraphsOf(step, block), Utf8From(tokens), positions,
                                                Utf8From(library), threads));
           }),
           "model"_a, "spec"_a, py::kw_only(), "step"_a, "block"_a = py::none(), "tokens"_a,
           "positions"_a, "library"_a, "threads"_a = 1,
           "spec: a DecoderSpec of sotto.bundle; step, block: a Signature each.\n"
           "tokens: .npy [vocabulary, width]. positions: .npy files [context, n] by the input that "
           "gets their rows; hidden: they are added.\n\nRaises ModelError, BundleError.")
      .def_property_readonly("texts", [](TableDecoder& decoder) { return decoder->texts(); })
      .def(
          "position",
          [](TableDecoder& decoder, size_t text) {
            CheckText(decoder, text);
            return decoder->position(text);
          },
          "text"_a = 0)
      .def(
          "restart", [](TableDecoder& decoder) { decoder->Restart(); },
          "Starts a new text, the only one.")
      .def(
          "fork",
          [](TableDecoder& decoder, const std::vector<size_t>& parents) {
            for (const size_t parent : parents) CheckText(decoder, parent);
            Unwrap(decoder->Fork(parents));
          },
          "parents"_a, "Text i continues what text parents[i] was.")
      .def(
          "roll_back",
          [](TableDecoder& decoder, int position, size_t text) {
            CheckText(decoder, text);
            Unwrap(decoder->RollBack(position, text));
          },
          "position"_a, "text"_a = 0, "Raises ModelError if the text is shorter.")
      .def("feed", &Feed, "tokens"_a, "logits"_a = false, "text"_a = 0,
           "Known tokens -> float32 [n, vocabulary] where logits is set.")
      .def("feed_rows", &FeedRows, "rows"_a, "logits"_a = false, "text"_a = 0,
           "The same of rows [n, width] that stand for tokens.")
      .def("step", &Step, "token"_a, "text"_a = 0,
           "One token -> float32 [vocabulary]. Raises ModelError if the cache is full.")
      .def_property_readonly(
          "counters",
          [](TableDecoder& decoder) {
            py::dict out;
            out["steps"] = decoder->counters().steps;
            out["blocks"] = decoder->counters().blocks;
            return out;
          },
          "Runs of each graph so far.");
}

}  // namespace sotto
