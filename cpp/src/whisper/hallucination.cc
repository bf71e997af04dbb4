#include "whisper/hallucination.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "whisper/seek_clips.h"

namespace sotto {
namespace {

constexpr std::string_view kNotJudged = "\"'“¿([{-\"'.。,，!！?？:：”)]}、";
constexpr size_t kWordsJudged = 8;  // of a segment
constexpr double kNearEdge = 2.0;   // seconds from a window's edge

// nearbyint rounds half to even, as Python's round does.
int64_t FrameAt(double seconds) {
  return static_cast<int64_t>(std::nearbyint(seconds * kFramesPerSecond));
}

double AnomalyScore(const Word& word) {
  const double duration = word.end - word.start;
  double score = 0;
  if (word.probability < 0.15) score += 1.0;
  if (duration < 0.133) score += (0.133 - duration) * 15;
  if (duration > 2.0) score += duration - 2.0;
  return score;
}

// The first segment with words from `first` on; null: none.
const Segment* NextWithWords(const std::vector<Segment>& segments, size_t first) {
  for (size_t i = first; i < segments.size(); ++i) {
    if (!segments[i].words.empty()) return &segments[i];
  }
  return nullptr;
}

// Silence, a window's edge or another hallucination on both sides of an anomalous segment.
bool IsSurrounded(const WindowPlace& place, double threshold, double speech_before,
                  const Segment& segment, const Segment* next) {
  const double start = FrameTime(place.seek);
  const bool silence_before = segment.start - speech_before > threshold ||
                              segment.start < threshold || segment.start - start < kNearEdge;
  const double speech_after =
      next != nullptr ? next->words[0].start : start + FrameTime(place.size);
  const double window_end = FrameTime(place.seek + place.max_frames);
  const bool silence_after = speech_after - segment.end > threshold ||
                             (next != nullptr && IsAnomalous(*next)) ||
                             window_end - segment.end < kNearEdge;
  return silence_before && silence_after;
}

}  // namespace

std::optional<double> EndOfSpeech(const std::vector<Segment>& segments) {
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (!segment->words.empty()) return segment->words.back().end;
  }
  if (segments.empty()) return std::nullopt;
  return segments.back().end;
}

bool IsAnomalous(const Segment& segment) {
  if (segment.words.empty()) return false;
  double score = 0;
  size_t judged = 0;
  for (const Word& word : segment.words) {
    if (kNotJudged.find(word.word) != std::string_view::npos) continue;
    score += AnomalyScore(word);
    if (++judged == kWordsJudged) break;
  }
  return score >= 3 || score + 0.01 >= static_cast<double>(judged);
}

void SeekByWords(const WindowPlace& place, std::optional<double> silence_threshold,
                 WindowSegments* window) {
  const std::optional<double> end = EndOfSpeech(window->segments);
  if (window->single_timestamp_ending || !end || *end <= FrameTime(place.seek)) return;
  const double left = FrameTime(place.seek + place.max_frames) - *end;
  // A word may end within the window's first frame: then the timestamps' place stays, as the
  // window would come again, in the reference perhaps for ever.
  const int64_t next =
      silence_threshold && left <= *silence_threshold ? place.seek + place.size : FrameAt(*end);
  if (next > place.seek) window->next_seek = next;
}

bool SkipHallucinations(const WindowPlace& place, double threshold, double last_speech,
                        WindowSegments* window) {
  std::vector<Segment>& segments = window->segments;
  const double start = FrameTime(place.seek);
  if (const Segment* first = NextWithWords(segments, 0); first && IsAnomalous(*first)) {
    const double gap = first->start - start;
    if (gap > threshold && FrameAt(gap) > 0) {
      window->next_seek = place.seek + FrameAt(gap);
      return false;
    }
  }
  double speech_before = last_speech;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.words.empty()) continue;
    if (IsAnomalous(segment) &&
        IsSurrounded(place, threshold, speech_before, segment, NextWithWords(segments, i + 1))) {
      const bool last = FrameTime(place.content_frames) - segment.end < threshold;
      window->next_seek = last ? place.content_frames : FrameAt(std::max(start + 1, segment.start));
      segments.resize(i);
      return true;
    }
    speech_before = segment.end;
  }
  return true;
}

}  // namespace sotto
