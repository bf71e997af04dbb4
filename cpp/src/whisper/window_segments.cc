#include "whisper/window_segments.h"

#include <algorithm>
#include <cstddef>

#include "sotto/log_mel.h"
#include "whisper/timestamp_rules.h"

namespace sotto {
namespace {

// Seconds from one timestamp to the next, 0.02.
constexpr double kTimePrecision =
    static_cast<double>(kFramesPerTimestamp * kHopLength) / kSampleRate;

class Slicer {
 public:
  Slicer(const DecodedWindow& decoded, int64_t seek, const WhisperVocabulary& vocabulary,
         const Tokenizer& tokenizer)
      : decoded_(decoded), seek_(seek), vocabulary_(vocabulary), tokenizer_(tokenizer) {}

  bool timestamp(size_t i) const { return decoded_.tokens[i] >= vocabulary_.timestamp_begin; }
  // Timestamps since the window's beginning.
  int position(size_t i) const { return decoded_.tokens[i] - vocabulary_.timestamp_begin; }
  double time(size_t i) const { return FrameTime(seek_) + position(i) * kTimePrecision; }

  // Of the tokens first..end-1.
  Segment Make(double start, double end_time, size_t first, size_t end) const {
    Segment segment;
    segment.seek = seek_;
    segment.start = start;
    segment.end = end_time;
    const auto from = static_cast<std::ptrdiff_t>(first);
    const auto to = static_cast<std::ptrdiff_t>(end);
    segment.tokens.assign(decoded_.tokens.begin() + from, decoded_.tokens.begin() + to);
    segment.token_logprobs.assign(decoded_.token_logprobs.begin() + from,
                                  decoded_.token_logprobs.begin() + to);
    segment.text = tokenizer_.Decode(segment.tokens);
    segment.temperature = decoded_.temperature;
    segment.avg_logprob = decoded_.avg_logprob;
    segment.compression_ratio = decoded_.compression_ratio;
    segment.no_speech_prob = decoded_.no_speech_prob;
    return segment;
  }

 private:
  const DecodedWindow& decoded_;
  const int64_t seek_;
  const WhisperVocabulary& vocabulary_;
  const Tokenizer& tokenizer_;
};

}  // namespace

double FrameTime(int64_t frame) {
  return static_cast<double>(frame * static_cast<int64_t>(kHopLength)) / kSampleRate;
}

WindowSegments SliceWindow(const DecodedWindow& decoded, int64_t seek, int64_t size,
                           const WhisperVocabulary& vocabulary, const Tokenizer& tokenizer) {
  const Slicer slicer(decoded, seek, vocabulary, tokenizer);
  const size_t count = decoded.tokens.size();
  WindowSegments window;
  window.next_seek = seek + size;
  window.single_timestamp_ending =
      count >= 2 && !slicer.timestamp(count - 2) && slicer.timestamp(count - 1);

  // A segment ends where two timestamps meet.
  std::vector<size_t> ends;
  for (size_t i = 1; i < count; ++i) {
    if (slicer.timestamp(i - 1) && slicer.timestamp(i)) ends.push_back(i);
  }
  if (!ends.empty()) {
    if (window.single_timestamp_ending) ends.push_back(count);
    size_t first = 0;
    for (size_t end : ends) {
      window.segments.push_back(slicer.Make(slicer.time(first), slicer.time(end - 1), first, end));
      first = end;
    }
    // What comes after the last pair is not finished: the next window begins with it.
    if (!window.single_timestamp_ending) {
      window.next_seek = seek + int64_t{slicer.position(first - 1)} * kFramesPerTimestamp;
    }
    return window;
  }

  double duration = FrameTime(size);
  for (size_t i = count; i-- > 0;) {
    if (!slicer.timestamp(i)) continue;
    if (slicer.position(i) != 0) duration = slicer.position(i) * kTimePrecision;
    break;
  }
  window.segments.push_back(slicer.Make(FrameTime(seek), FrameTime(seek) + duration, 0, count));
  return window;
}

void ClearEmpty(std::vector<Segment>* segments) {
  for (Segment& segment : *segments) {
    if (segment.start != segment.end && !TrimWhitespace(segment.text).empty()) continue;
    segment.text.clear();
    segment.tokens.clear();
    segment.token_logprobs.clear();
    segment.words.clear();
  }
}

}  // namespace sotto
