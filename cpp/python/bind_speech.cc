#include "bind_speech.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "errors.h"
#include "gil.h"
#include "load.h"
#include "sotto/recognizer.h"
#include "sotto/speech_model.h"
#include "sotto/vad.h"

namespace sotto {
namespace {

namespace py = pybind11;
using py::literals::operator""_a;

// Pulls samples from a Python callable that begins a new iterator over float32 arrays [n].
class BlockSource : public AudioSource {
 public:
  BlockSource(py::object blocks, PythonCallbacks* callbacks)
      : blocks_(std::move(blocks)), callbacks_(callbacks) {}

  Result<size_t> Read(float* out, size_t max_samples) override {
    size_t count = 0;
    const bool done = callbacks_->Run([&] {
      if (!iterator_) Begin();
      while (read_ == static_cast<size_t>(block_.size())) {
        const py::object next = NextOf(iterator_);
        if (!next) return;
        block_ = FloatArray::ensure(next);
        if (!block_ || block_.ndim() != 1) {
          throw py::value_error("audio blocks must be arrays of shape [n]");
        }
        read_ = 0;
      }
      count = std::min(max_samples, static_cast<size_t>(block_.size()) - read_);
      std::copy_n(block_.data() + read_, count, out);
      read_ += count;
    });
    if (!done) return Error{ErrorCode::kCancelled, "the audio source failed"};
    return count;
  }

  Result<void> Rewind() override {
    const bool done = callbacks_->Run([&] { Begin(); });
    if (!done) return Error{ErrorCode::kCancelled, "the audio source failed"};
    return {};
  }

 private:
  void Begin() {
    iterator_ = py::iter(CallPython(blocks_, py::tuple()));
    block_ = FloatArray();
    read_ = 0;
  }

  py::object blocks_;
  PythonCallbacks* callbacks_;
  py::object iterator_;
  FloatArray block_;
  size_t read_ = 0;
};

// What a model and a session have: Transcribe().
template <typename Transcriber>
Transcription Transcribe(Transcriber& transcriber, const py::object& blocks,
                         TranscribeOptions options, const py::object& on_language,
                         const py::object& on_segment, const py::object& on_progress,
                         const py::object& cancelled) {
  PythonCallbacks callbacks;
  BlockSource source(blocks, &callbacks);
  options.cancelled = [&] { return callbacks.IsCancelled(cancelled); };
  TranscribeCallbacks report;
  if (!on_language.is_none()) {
    report.on_language = [&](const std::string& language) {
      callbacks.Run([&] { CallPython(on_language, py::make_tuple(language)); });
    };
  }
  if (!on_segment.is_none()) {
    report.on_segment = [&](const Segment& segment) {
      callbacks.Run([&] { CallPython(on_segment, py::make_tuple(segment)); });
    };
  }
  if (!on_progress.is_none()) {
    report.on_progress = [&](double done, double duration) {
      callbacks.Run([&] { CallPython(on_progress, py::make_tuple(done, duration)); });
    };
  }
  Result<Transcription> result = [&] {
    const GilReleased released;
    return transcriber.Transcribe(&source, options, report);
  }();
  callbacks.Rethrow();
  return Unwrap(std::move(result));
}

template <typename Class>
void BindTranscribe(Class* to) {
  using Transcriber = typename Class::type;
  to->def("transcribe", &Transcribe<Transcriber>, "blocks"_a, "options"_a, py::kw_only(),
          "on_language"_a = py::none(), "on_segment"_a = py::none(), "on_progress"_a = py::none(),
          "cancelled"_a = py::none(),
          "blocks: a callable that begins an iterator over float32 arrays [n], 16 kHz mono; "
          "called once for each pass over the audio. cancelled: a callable, asked before every "
          "graph run, that says True to end the call -> Transcription.");
}

// The options of voice activity detection stand beside the others, as vad_….
template <auto kMember>
auto VadValue(const TranscribeOptions& options) {
  return options.vad.*kMember;
}

template <auto kMember>
void SetVadValue(TranscribeOptions& options, decltype(VadOptions{}.*kMember) value) {
  options.vad.*kMember = value;
}

}  // namespace

void BindSpeech(py::module_& m) {
  py::class_<Word>(m, "Word", "A word with its time, in seconds.")
      .def_readonly("word", &Word::word, "with its leading space and punctuation")
      .def_readonly("start", &Word::start)
      .def_readonly("end", &Word::end)
      .def_readonly("probability", &Word::probability, "mean of its tokens'")
      .def_readonly("tokens", &Word::tokens);

  py::class_<Segment>(m, "Segment", "From one timestamp to the next, or a window.")
      .def_readonly("id", &Segment::id)
      .def_readonly("seek", &Segment::seek, "log-mel frame at which its window begins")
      .def_readonly("start", &Segment::start, "seconds")
      .def_readonly("end", &Segment::end, "seconds")
      .def_readonly("text", &Segment::text, "as decoded, with its leading space")
      .def_readonly("tokens", &Segment::tokens, "sampled token ids, with timestamps")
      .def_readonly("token_logprobs", &Segment::token_logprobs, "one a token")
      .def_readonly("temperature", &Segment::temperature)
      .def_readonly("avg_logprob", &Segment::avg_logprob)
      .def_readonly("compression_ratio", &Segment::compression_ratio)
      .def_readonly("no_speech_prob", &Segment::no_speech_prob)
      .def_readonly("words", &Segment::words, "empty unless asked for");

  py::class_<Profile>(m, "Profile", "Milliseconds of each stage, and what the stages did.")
      .def_readonly("accelerator", &Profile::accelerator, "that the graphs ran on: cpu or npu")
      .def_readonly("load_ms", &Profile::load_ms, "of graphs that were not loaded before")
      .def_readonly("log_mel_ms", &Profile::log_mel_ms)
      .def_readonly("encoder_ms", &Profile::encoder_ms)
      .def_readonly("decoder_ms", &Profile::decoder_ms)
      .def_readonly("alignment_ms", &Profile::alignment_ms)
      .def_readonly("vad_ms", &Profile::vad_ms)
      .def_readonly("total_ms", &Profile::total_ms)
      .def_readonly("encoder_runs", &Profile::encoder_runs)
      .def_readonly("decoder_steps", &Profile::decoder_steps)
      .def_readonly("cache_bytes_written", &Profile::cache_bytes_written);

  py::class_<Transcription>(m, "Transcription", "What was said.")
      .def_readonly("text", &Transcription::text)
      .def_readonly("language", &Transcription::language)
      .def_readonly("language_probabilities", &Transcription::language_probabilities,
                    "by language code; empty unless the language was detected")
      .def_readonly("segments", &Transcription::segments)
      .def_readonly("duration", &Transcription::duration, "seconds of audio")
      .def_readonly("duration_after_vad", &Transcription::duration_after_vad,
                    "seconds of it that were transcribed")
      .def_readonly("profile", &Transcription::profile);

  py::class_<TranscribeOptions>(m, "TranscribeOptions", "How audio is transcribed.")
      .def(py::init<>())
      .def_readwrite("language", &TranscribeOptions::language)
      .def_readwrite("task", &TranscribeOptions::task)
      .def_readwrite("sample_len", &TranscribeOptions::sample_len)
      .def_readwrite("best_of", &TranscribeOptions::best_of)
      .def_readwrite("beam_size", &TranscribeOptions::beam_size)
      .def_readwrite("patience", &TranscribeOptions::patience)
      .def_readwrite("length_penalty", &TranscribeOptions::length_penalty)
      .def_readwrite("prefix", &TranscribeOptions::prefix)
      .def_readwrite("suppress_tokens", &TranscribeOptions::suppress_tokens)
      .def_readwrite("suppress_blank", &TranscribeOptions::suppress_blank)
      .def_readwrite("without_timestamps", &TranscribeOptions::without_timestamps)
      .def_readwrite("max_initial_timestamp", &TranscribeOptions::max_initial_timestamp)
      .def_readwrite("seed", &TranscribeOptions::seed)
      .def_readwrite("temperatures", &TranscribeOptions::temperatures)
      .def_readwrite("compression_ratio_threshold", &TranscribeOptions::compression_ratio_threshold)
      .def_readwrite("logprob_threshold", &TranscribeOptions::logprob_threshold)
      .def_readwrite("no_speech_threshold", &TranscribeOptions::no_speech_threshold)
      .def_readwrite("condition_on_previous_text", &TranscribeOptions::condition_on_previous_text)
      .def_readwrite("initial_prompt", &TranscribeOptions::initial_prompt)
      .def_readwrite("carry_initial_prompt", &TranscribeOptions::carry_initial_prompt)
      .def_readwrite("hotwords", &TranscribeOptions::hotwords)
      .def_readwrite("word_timestamps", &TranscribeOptions::word_timestamps)
      .def_readwrite("prepend_punctuations", &TranscribeOptions::prepend_punctuations)
      .def_readwrite("append_punctuations", &TranscribeOptions::append_punctuations)
      .def_readwrite("clip_timestamps", &TranscribeOptions::clip_timestamps)
      .def_readwrite("hallucination_silence_threshold",
                     &TranscribeOptions::hallucination_silence_threshold)
      .def_readwrite("window", &TranscribeOptions::window)
      .def_property(
          "vad_filter",
          [](const TranscribeOptions& options) {
            return std::const_pointer_cast<VoiceActivityDetector>(options.vad_filter);
          },
          [](TranscribeOptions& options, std::shared_ptr<VoiceActivityDetector> detector) {
            options.vad_filter = std::move(detector);
          },
          "the detector that leaves out what is no speech; None: none")
      .def_property("vad_threshold", &VadValue<&VadOptions::threshold>,
                    &SetVadValue<&VadOptions::threshold>)
      .def_property("vad_neg_threshold", &VadValue<&VadOptions::neg_threshold>,
                    &SetVadValue<&VadOptions::neg_threshold>)
      .def_property("vad_min_speech_duration_ms", &VadValue<&VadOptions::min_speech_duration_ms>,
                    &SetVadValue<&VadOptions::min_speech_duration_ms>)
      .def_property("vad_max_speech_duration_s", &VadValue<&VadOptions::max_speech_duration_s>,
                    &SetVadValue<&VadOptions::max_speech_duration_s>)
      .def_property("vad_min_silence_duration_ms", &VadValue<&VadOptions::min_silence_duration_ms>,
                    &SetVadValue<&VadOptions::min_silence_duration_ms>)
      .def_property("vad_speech_pad_ms", &VadValue<&VadOptions::speech_pad_ms>,
                    &SetVadValue<&VadOptions::speech_pad_ms>);

  py::class_<SpeechSession> session(m, "SpeechSession",
                                    "One transcription at a time over a model's weights.");
  BindTranscribe(&session);
  session
      .def("cancel", &SpeechSession::Cancel,
           "Ends the call that is at work on another thread, after the graph that runs.")
      .def_property_readonly("graph_runs", &SpeechSession::graph_runs, "so far, of any kind");

  py::class_<SpeechModel, std::shared_ptr<SpeechModel>> model(
      m, "SpeechModel", "Speech to text with one bundle, for any number of threads at once.");
  model.def(py::init(&Load<SpeechModel>), "bundle"_a, py::kw_only(), "threads"_a = 0,
            "verify"_a = true, "library"_a = "", "weight_cache"_a = py::none(),
            "accelerator"_a = "cpu", "soc"_a = "", "dispatch"_a = "",
            "Opens a bundle. weight_cache: a directory for packed weights; None: the user's; "
            "\"\": none. accelerator: cpu, npu or auto. soc: whose compiled files; \"\": this "
            "machine's. dispatch: the folder of LiteRT's dispatch library. Raises BundleError, "
            "DeviceError or OptionError.");
  BindTranscribe(&model);
  model.def("session", &SpeechModel::NewSession, "A session to keep, and to cancel.")
      .def(
          "close",
          [](const SpeechModel& closed) {
            const GilReleased released;
            closed.Close();
          },
          "Ends what is at work after the graph that runs, and frees what is idle.")
      .def_property_readonly(
          "accelerator", [](const SpeechModel& of) { return of.info().accelerator; }, "cpu or npu")
      .def_property_readonly(
          "fallback", [](const SpeechModel& of) { return of.info().fallback; },
          "why auto took the CPU; empty if it did not")
      .def_property_readonly("name", [](const SpeechModel& of) { return of.info().name; })
      .def_property_readonly("precision", [](const SpeechModel& of) { return of.info().precision; })
      .def_property_readonly("multilingual",
                             [](const SpeechModel& of) { return of.info().multilingual(); })
      .def_property_readonly("windows", [](const SpeechModel& of) {
        std::vector<int> seconds;
        for (const RecognizerInfo::Window& window : of.info().windows)
          seconds.push_back(window.seconds);
        return seconds;
      });
}

}  // namespace sotto
