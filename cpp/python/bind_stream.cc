#include "bind_stream.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <utility>

#include "arrays.h"
#include "errors.h"
#include "gil.h"
#include "sotto/stream.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

class PythonStream {
 public:
  PythonStream(std::shared_ptr<SpeechModel> model, std::shared_ptr<VoiceActivityDetector> vad,
               StreamOptions options, py::object cancelled)
      : cancelled_(std::move(cancelled)) {
    options.cancelled = [this] { return callbacks_.IsCancelled(cancelled_); };
    stream_ = Unwrap(Stream::Create(std::move(model), std::move(vad), options));
  }
  PythonStream(const PythonStream&) = delete;  // the option points here
  PythonStream& operator=(const PythonStream&) = delete;

  StreamUpdate Push(const FloatArray& samples) {
    if (samples.ndim() != 1) throw py::value_error("samples must be an array of shape [n]");
    const float* data = samples.data();
    const auto count = static_cast<size_t>(samples.size());
    return Call([&] { return stream_->Push(data, count); });
  }

  StreamUpdate Finish() {
    return Call([&] { return stream_->Finish(); });
  }

 private:
  template <typename Work>
  StreamUpdate Call(const Work& work) {
    Result<StreamUpdate> update = [&] {
      const GilReleased released;
      return work();
    }();
    // A call that was refused because another is at work leaves that one's exception alone.
    if (!update.ok() && update.error().code == ErrorCode::kCancelled) callbacks_.Rethrow();
    return Unwrap(std::move(update));
  }

  const py::object cancelled_;
  PythonCallbacks callbacks_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

void BindStream(py::module_& m) {
  py::class_<StreamOptions>(m, "StreamOptions", "How a stream is transcribed.")
      .def(py::init<>())
      .def_readwrite("language", &StreamOptions::language)
      .def_readwrite("task", &StreamOptions::task)
      .def_readwrite("step", &StreamOptions::step)
      .def_readwrite("max_buffer", &StreamOptions::max_buffer)
      .def_readwrite("agreement", &StreamOptions::agreement)
      .def_readwrite("hold_back", &StreamOptions::hold_back)
      .def_readwrite("vad_threshold", &StreamOptions::vad_threshold)
      .def_readwrite("endpoint_silence", &StreamOptions::endpoint_silence)
      .def_readwrite("min_speech", &StreamOptions::min_speech)
      .def_readwrite("condition_on_previous_text", &StreamOptions::condition_on_previous_text)
      .def_readwrite("initial_prompt", &StreamOptions::initial_prompt)
      .def_readwrite("window", &StreamOptions::window);

  py::class_<StreamWord, Word>(m, "StreamWord", "A confirmed word.")
      .def_readonly("confirmed_at", &StreamWord::confirmed_at, "seconds pushed by then")
      .def_readonly("utterance", &StreamWord::utterance, "0, 1, …");

  py::class_<StreamUpdate>(m, "StreamUpdate", "What a call brought.")
      .def_readonly("confirmed", &StreamUpdate::confirmed)
      .def_readonly("tentative", &StreamUpdate::tentative)
      .def_readonly("utterances", &StreamUpdate::utterances, "that have ended so far")
      .def_readonly("position", &StreamUpdate::position, "seconds pushed so far")
      .def_readonly("buffered", &StreamUpdate::buffered, "seconds held")
      .def_readonly("language", &StreamUpdate::language)
      .def_readonly("decodings", &StreamUpdate::decodings, "by this call")
      .def_readonly("compute_ms", &StreamUpdate::compute_ms, "spent in this call");

  py::class_<PythonStream>(m, "Stream", "Speech to text while it is spoken.")
      .def(py::init<std::shared_ptr<SpeechModel>, std::shared_ptr<VoiceActivityDetector>,
                    StreamOptions, py::object>(),
           "model"_a, "vad"_a, "options"_a, "cancelled"_a = py::none(),
           "cancelled: a callable that says True to end a decoding; None: never. Raises "
           "OptionError.")
      .def("push", &PythonStream::Push, "samples"_a,
           "float32 [n], 16 kHz mono -> StreamUpdate. Raises AudioError, OptionError.")
      .def("finish", &PythonStream::Finish, "Decodes and confirms what is left -> StreamUpdate.");
}

}  // namespace sotto
