#include "bind_vad.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "arrays.h"
#include "errors.h"
#include "gil.h"
#include "load.h"
#include "sotto/vad.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// Other types are converted, other layouts copied.

py::array_t<float> ToArray(const std::vector<float>& values) {
  return py::array_t<float>(static_cast<py::ssize_t>(values.size()), values.data());
}

// Runs `call` over the samples of one dimension, without the GIL.
template <typename Call>
py::array_t<float> Probabilities(const FloatArray& samples, const Call& call) {
  if (samples.ndim() != 1) {
    ThrowPython({ErrorCode::kAudio, "samples must be of shape [n], mono"});
  }
  const float* data = samples.data();
  const auto n = static_cast<size_t>(samples.size());
  std::vector<float> probabilities;
  const Result<void> result = [&] {
    const GilReleased released;
    return call(data, n, &probabilities);
  }();
  Unwrap(result);
  return ToArray(probabilities);
}

std::vector<std::pair<int64_t, int64_t>> Spans(const std::vector<float>& probabilities,
                                               int64_t total_samples, const VadOptions& options) {
  Unwrap(options.Validate());
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (const SpeechSpan& span : SpeechSpans(probabilities, total_samples, options)) {
    pairs.emplace_back(span.start, span.end);
  }
  return pairs;
}

}  // namespace

void BindVad(py::module_& m) {
  py::class_<VoiceActivityDetector, std::shared_ptr<VoiceActivityDetector>>(
      m, "VoiceActivityDetector", "A Silero VAD bundle, to be shared by any number of streams.")
      .def(py::init(&Load<VoiceActivityDetector>), "bundle"_a, py::kw_only(), "threads"_a = 1,
           "verify"_a = true, "library"_a = "", "weight_cache"_a = py::none(),
           "accelerator"_a = "cpu", "soc"_a = "", "dispatch"_a = "",
           "Opens a bundle. Raises BundleError, DeviceError or OptionError.")
      .def_property_readonly("accelerator", &VoiceActivityDetector::accelerator,
                             "what the graph runs on: cpu or npu")
      .def_property_readonly("fallback", &VoiceActivityDetector::fallback,
                             "why auto took the CPU; empty if it did not")
      .def(
          "probabilities",
          [](const std::shared_ptr<VoiceActivityDetector>& detector, const FloatArray& samples) {
            VadStream stream(detector);
            return Probabilities(
                samples, [&](const float* data, size_t n, std::vector<float>* out) -> Result<void> {
                  SOTTO_RETURN_IF_ERROR(stream.Push(data, n, out));
                  return stream.Flush(out);
                });
          },
          "samples"_a,
          "float32 [n], 16 kHz mono, of a whole recording -> float32, one for every 512 samples,\n"
          "the last ones padded. Raises AudioError if a sample is not finite.");

  py::class_<VadStream>(m, "VadStream", "What was heard of one stream of audio.")
      .def(py::init<std::shared_ptr<VoiceActivityDetector>>(), "detector"_a)
      .def("reset", &VadStream::Reset, "Begins another stream.")
      .def(
          "push",
          [](VadStream& stream, const FloatArray& samples) {
            return Probabilities(samples,
                                 [&](const float* data, size_t n, std::vector<float>* out) {
                                   return stream.Push(data, n, out);
                                 });
          },
          "samples"_a,
          "float32 [n] -> float32, one for every 512 samples that are now complete.\n\n"
          "Raises AudioError, with nothing taken, if a sample is not finite.")
      .def(
          "flush",
          [](VadStream& stream) {
            std::vector<float> probabilities;
            Unwrap(stream.Flush(&probabilities));
            return ToArray(probabilities);
          },
          "Ends the stream: the probability of what is left, padded, if anything is.");

  const VadOptions defaults;
  m.def(
      "speech_spans",
      [](const std::vector<float>& probabilities, int64_t total_samples, double threshold,
         double neg_threshold, int min_speech_duration_ms, double max_speech_duration_s,
         int min_silence_duration_ms, int speech_pad_ms, int min_silence_at_max_speech,
         bool use_max_poss_sil_at_max_speech) {
        return Spans(probabilities, total_samples,
                     {threshold, neg_threshold, min_speech_duration_ms, max_speech_duration_s,
                      min_silence_duration_ms, speech_pad_ms, min_silence_at_max_speech,
                      use_max_poss_sil_at_max_speech});
      },
      "probabilities"_a, "total_samples"_a, py::kw_only(), "threshold"_a = defaults.threshold,
      "neg_threshold"_a = defaults.neg_threshold,
      "min_speech_duration_ms"_a = defaults.min_speech_duration_ms,
      "max_speech_duration_s"_a = defaults.max_speech_duration_s,
      "min_silence_duration_ms"_a = defaults.min_silence_duration_ms,
      "speech_pad_ms"_a = defaults.speech_pad_ms,
      "min_silence_at_max_speech"_a = defaults.min_silence_at_max_speech,
      "use_max_poss_sil_at_max_speech"_a = defaults.use_max_poss_sil_at_max_speech,
      "Spans of speech, (start, end) in samples. Raises OptionError.");
}

}  // namespace sotto
