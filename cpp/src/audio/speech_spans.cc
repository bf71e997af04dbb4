#include "sotto/speech_spans.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>

namespace sotto {
namespace {

constexpr int kSamplesPerMs = 16;
constexpr int kMaxMs = 3600 * 1000;

Error OutOfRange(const char* name, double value, const std::string& expected) {
  std::ostringstream text;
  text << name << " " << value << ": expected " << expected;
  return Error{ErrorCode::kOption, text.str()};
}

// Spans without padding; takes one probability after another.
class SpanFinder {
 public:
  explicit SpanFinder(const VadOptions& options)
      : threshold_(options.threshold),
        neg_threshold_(options.neg_threshold >= 0 ? options.neg_threshold
                                                  : std::max(options.threshold - 0.15, 0.01)),
        longest_silence_(options.use_max_poss_sil_at_max_speech),
        min_speech_(options.min_speech_duration_ms * int64_t{kSamplesPerMs}),
        min_silence_(options.min_silence_duration_ms * int64_t{kSamplesPerMs}),
        min_silence_for_cut_(options.min_silence_at_max_speech * int64_t{kSamplesPerMs}),
        max_speech_(1000.0 * kSamplesPerMs * options.max_speech_duration_s - kVadChunk -
                    2.0 * kSamplesPerMs * options.speech_pad_ms) {}

  void Push(double probability) {
    now_ = kVadChunk * chunks_++;
    if (probability >= threshold_) {
      if (silence_ > 0) EndSilence();
      if (!start_) {
        start_ = now_;
        return;
      }
    }
    if (!start_) return;
    if (static_cast<double>(now_ - *start_) > max_speech_ && !Cut()) return;
    if (start_ && probability < neg_threshold_) GoOnInSilence();
  }

  std::vector<SpeechSpan> Finish(int64_t total_samples) {
    if (start_ && total_samples - *start_ > min_speech_) spans_.push_back({*start_, total_samples});
    return std::move(spans_);
  }

 private:
  // Speech is back before the span was ended.
  void EndSilence() {
    const int64_t duration = now_ - silence_;
    if (duration > min_silence_for_cut_ && duration > longest_.end - longest_.start) {
      longest_ = {silence_, now_};
    }
    silence_ = 0;
    if (next_start_ < last_silence_) next_start_ = now_;
  }

  void GoOnInSilence() {
    if (silence_ == 0) silence_ = now_;
    const int64_t duration = now_ - silence_;
    if (!longest_silence_ && duration > min_silence_for_cut_) last_silence_ = silence_;
    if (duration < min_silence_) return;
    if (silence_ - *start_ > min_speech_) spans_.push_back({*start_, silence_});
    BeginAt(std::nullopt);
  }

  // The span is too long. False if there was no silence to cut at.
  bool Cut() {
    if (longest_silence_ && longest_.end > 0) {
      spans_.push_back({*start_, longest_.start});
      BeginAt(longest_.end);
      return true;
    }
    if (last_silence_ > 0) {
      spans_.push_back({*start_, last_silence_});
      // Still silent since then: no new span has begun.
      const bool silent = next_start_ < last_silence_;
      BeginAt(silent ? std::nullopt : std::optional<int64_t>(next_start_));
      return true;
    }
    spans_.push_back({*start_, now_});
    BeginAt(std::nullopt);
    return false;
  }

  void BeginAt(std::optional<int64_t> start) {
    start_ = start;
    silence_ = last_silence_ = next_start_ = 0;
    longest_ = {};
  }

  const double threshold_;
  const double neg_threshold_;
  const bool longest_silence_;
  const int64_t min_speech_;
  const int64_t min_silence_;
  const int64_t min_silence_for_cut_;
  const double max_speech_;

  std::vector<SpeechSpan> spans_;
  int64_t chunks_ = 0;
  int64_t now_ = 0;               // where the current chunk begins
  std::optional<int64_t> start_;  // of the current span
  // Within it, in samples; 0 where there is none, since a span begins with speech.
  int64_t silence_ = 0;       // where the current silence began
  int64_t last_silence_ = 0;  // where the last one began that is long enough to cut at
  int64_t next_start_ = 0;    // where speech came back after it
  SpeechSpan longest_;        // the longest silence that is long enough
};

// Half of a short silence goes to each side.
void Pad(int64_t padding, int64_t total_samples, std::vector<SpeechSpan>* spans) {
  if (spans->empty()) return;
  spans->front().start = std::max<int64_t>(0, spans->front().start - padding);
  for (size_t i = 0; i + 1 < spans->size(); ++i) {
    SpeechSpan& span = (*spans)[i];
    SpeechSpan& next = (*spans)[i + 1];
    const int64_t silence = next.start - span.end;
    const int64_t share = silence < 2 * padding ? silence / 2 : padding;
    span.end = std::min(total_samples, span.end + share);
    next.start = std::max<int64_t>(0, next.start - share);
  }
  spans->back().end = std::min(total_samples, spans->back().end + padding);
}

}  // namespace

Result<void> VadOptions::Validate() const {
  if (!(threshold > 0 && threshold <= 1)) {
    return OutOfRange("threshold", threshold, "a probability above 0 and up to 1");
  }
  if (neg_threshold != -1 && !(neg_threshold >= 0 && neg_threshold <= threshold)) {
    std::ostringstream expected;
    expected << "0 to the threshold of " << threshold << ", or -1 for the threshold less 0.15";
    return OutOfRange("neg_threshold", neg_threshold, expected.str());
  }
  const struct {
    const char* name;
    int value;
  } durations[] = {{"min_speech_duration_ms", min_speech_duration_ms},
                   {"min_silence_duration_ms", min_silence_duration_ms},
                   {"speech_pad_ms", speech_pad_ms},
                   {"min_silence_at_max_speech", min_silence_at_max_speech}};
  for (const auto& duration : durations) {
    if (duration.value < 0 || duration.value > kMaxMs) {
      return OutOfRange(duration.name, duration.value,
                        "0 to " + std::to_string(kMaxMs) + " milliseconds");
    }
  }
  const double min = (kVadChunk / kSamplesPerMs + 2 * speech_pad_ms) / 1000.0;
  if (!(max_speech_duration_s > min)) {
    std::ostringstream expected;
    expected << "more than " << min << " seconds: a chunk and the padding at both ends";
    return OutOfRange("max_speech_duration_s", max_speech_duration_s, expected.str());
  }
  return {};
}

std::vector<SpeechSpan> SpeechSpans(const std::vector<float>& probabilities, int64_t total_samples,
                                    const VadOptions& options) {
  SpanFinder finder(options);
  for (float probability : probabilities) finder.Push(probability);
  std::vector<SpeechSpan> spans = finder.Finish(total_samples);
  Pad(options.speech_pad_ms * int64_t{kSamplesPerMs}, total_samples, &spans);
  return spans;
}

}  // namespace sotto
