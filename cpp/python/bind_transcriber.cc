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
#include "load.h"
#include "sotto/transcriber.h"
#include "sotto/vad.h"

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

// Marks a transcriber as running on this thread. A callback that called it again would wait for
// itself: the transcriber's calls take turns.
class Running {
 public:
  explicit Running(const Transcriber* transcriber) : transcriber_(transcriber), outer_(innermost_) {
    for (const Running* each = outer_; each != nullptr; each = each->outer_) {
      if (each->transcriber_ == transcriber_) {
        ThrowPython({ErrorCode::kOption,
                     "a callback called the model that is calling it, which would wait for "
                     "itself; call it after the transcription, or load a second model"});
      }
    }
    innermost_ = this;
  }
  ~Running() { innermost_ = outer_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  static thread_local const Running* innermost_;
  const Transcriber* transcriber_;
  const Running* outer_;
};

thread_local const Running* Running::innermost_ = nullptr;

// Pulls samples from a Python callable that begins a new iterator over float32 arrays [n].
class BlockSource : public AudioSource {
 public:
  BlockSource(py::function blocks, PythonCallbacks* callbacks)
      : blocks_(std::move(blocks)), callbacks_(callbacks) {}

  Result<size_t> Read(float* out, size_t most) override {
    size_t count = 0;
    const bool done = callbacks_->Run([&] {
      if (!iterator_) iterator_ = py::iter(blocks_());
      while (read_ == static_cast<size_t>(block_.size())) {
        if (iterator_ == py::iterator::sentinel()) return;
        block_ = FloatArray::ensure(*iterator_);
        if (!block_ || block_.ndim() != 1) {
          throw py::value_error("audio blocks must be arrays of shape [n]");
        }
        ++iterator_;
        read_ = 0;
      }
      count = std::min(most, static_cast<size_t>(block_.size()) - read_);
      std::copy_n(block_.data() + read_, count, out);
      read_ += count;
    });
    if (!done) return Error{ErrorCode::kCancelled, "the audio source failed"};
    return count;
  }

  Result<void> Rewind() override {
    const bool done = callbacks_->Run([&] {
      iterator_ = py::iter(blocks_());
      block_ = FloatArray();
      read_ = 0;
    });
    if (!done) return Error{ErrorCode::kCancelled, "the audio source failed"};
    return {};
  }

 private:
  py::function blocks_;
  PythonCallbacks* callbacks_;
  py::iterator iterator_;
  FloatArray block_;
  size_t read_ = 0;
};

Transcription Transcribe(Transcriber& transcriber, const py::function& blocks,
                         TranscribeOptions options, const py::object& on_language,
                         const py::object& on_segment, const py::object& on_progress) {
  const Running running(&transcriber);
  PythonCallbacks callbacks;
  BlockSource source(blocks, &callbacks);
  // Ctrl-C takes effect at the next step.
  options.cancelled = [&, asked = std::move(options.cancelled)] {
    bool cancelled = false;
    const bool going = callbacks.Run([&] {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      cancelled = asked && asked();
    });
    return !going || cancelled;
  };
  TranscribeCallbacks report;
  if (!on_language.is_none()) {
    report.on_language = [&](const std::string& language) {
      callbacks.Run([&] { on_language(language); });
    };
  }
  if (!on_segment.is_none()) {
    report.on_segment = [&](const Segment& segment) {
      callbacks.Run([&] { on_segment(segment); });
    };
  }
  if (!on_progress.is_none()) {
    report.on_progress = [&](double done, double duration) {
      callbacks.Run([&] { on_progress(done, duration); });
    };
  }
  Result<Transcription> result = [&] {
    const py::gil_scoped_release release;
    return transcriber.Transcribe(&source, options, report);
  }();
  callbacks.Rethrow();
  return Unwrap(std::move(result));
}

void SetVad(Transcriber& transcriber, std::shared_ptr<VoiceActivityDetector> vad) {
  const Running running(&transcriber);
  const py::gil_scoped_release release;  // it waits for its turn
  transcriber.SetVad(std::move(vad));
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

void BindTranscriber(py::module_& m) {
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
      .def_readwrite("vad_filter", &TranscribeOptions::vad_filter)
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
                    &SetVadValue<&VadOptions::speech_pad_ms>)
      .def_readwrite("cancelled", &TranscribeOptions::cancelled,
                     "a callable that says True to end the transcription; None: never");

  py::class_<Transcriber>(m, "Transcriber", "Speech to text with one bundle.")
      .def(py::init(&Load<Transcriber>), "bundle"_a, py::kw_only(), "threads"_a = 0,
           "verify"_a = true, "library"_a = "", "weight_cache"_a = py::none(),
           "accelerator"_a = "cpu", "soc"_a = "", "dispatch"_a = "",
           "Opens a bundle. weight_cache: a directory for packed weights; None: the user's; \"\": "
           "none. accelerator: cpu, npu or auto. soc: whose compiled files; \"\": this machine's. "
           "dispatch: the folder of LiteRT's dispatch library. Raises BundleError, DeviceError or "
           "OptionError.")
      .def("transcribe", &Transcribe, "blocks"_a, "options"_a, py::kw_only(),
           "on_language"_a = py::none(), "on_segment"_a = py::none(), "on_progress"_a = py::none(),
           "blocks: a callable that begins an iterator over float32 arrays [n], 16 kHz mono; "
           "called once for each pass over the audio -> Transcription.")
      .def("set_vad", &SetVad, "detector"_a, "What the option vad_filter asks.")
      .def_property_readonly("accelerator", &Transcriber::accelerator, "cpu or npu")
      .def_property_readonly("fallback", &Transcriber::fallback,
                             "why auto took the CPU; empty if it did not")
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
