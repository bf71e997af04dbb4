#include "vad/speech_source.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/cancellation.h"
#include "base/stopwatch.h"
#include "sotto/log_mel.h"

namespace sotto {
namespace {

constexpr size_t kBlock = 16000;  // samples read at a time

}  // namespace

Result<DetectedSpeech> DetectSpeech(AudioSource* source,
                                    const std::shared_ptr<const VoiceActivityDetector>& detector,
                                    const VadOptions& options,
                                    const std::function<bool()>& cancelled) {
  DetectedSpeech speech;
  std::vector<float> block(kBlock);
  std::vector<float> probabilities;
  VadStream stream(detector);
  SOTTO_RETURN_IF_ERROR(source->Rewind());
  for (;;) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    SOTTO_ASSIGN_OR_RETURN(const size_t n, ReadFully(source, block.data(), kBlock));
    if (n == 0) break;
    SOTTO_RETURN_IF_ERROR(
        LogMel::CheckFinite(block.data(), n, static_cast<size_t>(speech.samples)));
    const Stopwatch watch;
    SOTTO_RETURN_IF_ERROR(stream.Push(block.data(), n, &probabilities));
    speech.milliseconds += watch.Milliseconds();
    speech.samples += static_cast<int64_t>(n);
  }
  SOTTO_RETURN_IF_ERROR(stream.Flush(&probabilities));
  speech.spans = SpeechSpans(probabilities, speech.samples, options);
  return speech;
}

SpeechSource::SpeechSource(AudioSource* source, std::vector<SpeechSpan> spans)
    : source_(source), spans_(std::move(spans)), skipped_(kBlock) {}

Result<void> SpeechSource::Rewind() {
  span_ = 0;
  position_ = 0;
  return source_->Rewind();
}

// False: the source ends before.
Result<bool> SpeechSource::SkipTo(int64_t sample) {
  while (position_ < sample) {
    const auto max_samples = static_cast<size_t>(std::min<int64_t>(kBlock, sample - position_));
    SOTTO_ASSIGN_OR_RETURN(const size_t n, source_->Read(skipped_.data(), max_samples));
    if (n == 0) return false;
    position_ += static_cast<int64_t>(n);
  }
  return true;
}

Result<size_t> SpeechSource::Read(float* out, size_t max_samples) {
  while (span_ < spans_.size() && position_ >= spans_[span_].end) ++span_;
  if (span_ == spans_.size()) return size_t{0};
  const SpeechSpan& span = spans_[span_];
  SOTTO_ASSIGN_OR_RETURN(const bool there, SkipTo(span.start));
  if (!there) return size_t{0};
  const auto left = static_cast<size_t>(span.end - position_);
  SOTTO_ASSIGN_OR_RETURN(const size_t n, source_->Read(out, std::min(max_samples, left)));
  position_ += static_cast<int64_t>(n);
  return n;
}

SpeechTimes::SpeechTimes(const std::vector<SpeechSpan>& spans) : spans_(spans) {
  int64_t silent = 0;
  int64_t previous_end = 0;
  for (const SpeechSpan& span : spans) {
    silent += span.start - previous_end;
    previous_end = span.end;
    ends_.push_back(span.end - silent);
    before_.push_back(static_cast<double>(silent) / kSampleRate);
  }
}

size_t SpeechTimes::SpanAt(double speech_time, bool is_end) const {
  const auto sample = static_cast<int64_t>(speech_time * kSampleRate);
  const auto after = is_end ? std::lower_bound(ends_.begin(), ends_.end(), sample)
                            : std::upper_bound(ends_.begin(), ends_.end(), sample);
  return std::min(static_cast<size_t>(after - ends_.begin()), ends_.size() - 1);
}

double SpeechTimes::InSourceBy(size_t span, double speech_time) const {
  return std::nearbyint((before_[span] + speech_time) * 100) / 100;
}

double SpeechTimes::InSource(double speech_time, bool is_end) const {
  return InSourceBy(SpanAt(speech_time, is_end), speech_time);
}

double SpeechTimes::InSpeech(double source_time) const {
  const double sample = source_time * kSampleRate;
  double heard = 0;
  for (const SpeechSpan& span : spans_) {
    heard += std::clamp(sample - static_cast<double>(span.start), 0.0,
                        static_cast<double>(span.end - span.start));
  }
  return heard / kSampleRate;
}

void SpeechTimes::Restore(Segment* segment) const {
  for (Word& word : segment->words) {
    const size_t span = SpanAt((word.start + word.end) / 2, false);
    word.start = InSourceBy(span, word.start);
    word.end = InSourceBy(span, word.end);
  }
  if (segment->words.empty()) {
    segment->start = InSource(segment->start, false);
    segment->end = InSource(segment->end, true);
  } else {
    segment->start = segment->words.front().start;
    segment->end = segment->words.back().end;
  }
}

}  // namespace sotto
