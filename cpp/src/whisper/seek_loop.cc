#include "whisper/seek_loop.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "whisper/hallucination.h"

namespace sotto {
namespace {

// Text that was drawn above it is not fit to lead the next window.
constexpr double kMaxPromptTemperature = 0.5;

}  // namespace

SeekLoop::SeekLoop(const Stages& stages, const TranscribeOptions& options,
                   const TranscribeCallbacks& callbacks, PromptHistory history)
    : stages_(stages),
      options_(options),
      callbacks_(callbacks),
      history_(std::move(history)),
      fallback_(*stages.decoder, options, history_.prefix()) {}

Result<void> SeekLoop::Run(Transcription* result) {
  const int64_t content = stages_.reader->content_frames();
  const std::vector<SeekClip> clips = SeekClips(options_.clip_timestamps, content);
  result->language = stages_.bundle->multilingual() ? options_.language : "en";
  if (result->language.empty()) SOTTO_RETURN_IF_ERROR(DetectLanguage(clips, result));

  for (const SeekClip& clip : clips) {
    for (int64_t seek = clip.start; seek < clip.end;) {
      SOTTO_ASSIGN_OR_RETURN(const int64_t next, TranscribeWindow(seek, clip.end, result));
      // A window that leads nowhere is left behind whole, where the reference may stay for ever:
      // without the timestamp rules a text may end at 0 s.
      seek = next > seek ? next : seek + SizeAt(seek, clip.end);
      if (callbacks_.on_progress) {
        callbacks_.on_progress(FrameTime(std::min(seek, content)), result->duration);
      }
    }
  }
  result->text = DecodeUtf8(bytes_);
  return {};
}

int64_t SeekLoop::SizeAt(int64_t seek, int64_t clip_end) const {
  return std::min(static_cast<int64_t>(stages_.encoder->max_frames()), clip_end - seek);
}

// As openai-whisper, in the first 30 s with silence after the audio; but where the windows are
// fitted to the audio and it is shorter, in its first window, which is encoded anyway.
Result<void> SeekLoop::DetectLanguage(const std::vector<SeekClip>& clips, Transcription* result) {
  const bool longer =
      stages_.reader->content_frames() >= static_cast<int64_t>(stages_.encoder->max_frames());
  const bool fitted = options_.window == 0 && !longer && !clips.empty();
  const auto encoded =
      fitted ? stages_.encoder->Encode(clips[0].start,
                                       static_cast<size_t>(SizeAt(clips[0].start, clips[0].end)))
             : stages_.encoder->EncodeBeginning();
  if (!encoded.ok()) return encoded.error();
  SOTTO_ASSIGN_OR_RETURN(result->language_probabilities,
                         stages_.decoder->DetectLanguage(options_.cancelled, *encoded));
  float best = -1;
  for (const auto& [code, probability] : result->language_probabilities) {
    if (probability > best) result->language = code;
    best = std::max(best, probability);
  }
  if (callbacks_.on_language) callbacks_.on_language(result->language);
  return {};
}

// Returns where the next window begins.
Result<int64_t> SeekLoop::TranscribeWindow(int64_t seek, int64_t clip_end, Transcription* result) {
  const int64_t size = SizeAt(seek, clip_end);
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs,
                         stages_.encoder->Encode(seek, static_cast<size_t>(size)));
  SOTTO_ASSIGN_OR_RETURN(const DecodedWindow decoded,
                         fallback_.Decode(result->language, history_.Prompt(), graphs));
  if (IsSilence(decoded, options_)) return seek + size;
  WindowSegments window =
      SliceWindow(decoded, seek, size, stages_.bundle->vocabulary, *stages_.tokenizer);
  bool kept = true;
  if (stages_.aligner != nullptr) {
    SOTTO_ASSIGN_OR_RETURN(kept, AddWords(seek, size, result->language, *graphs, &window));
  }
  if (!kept) return window.next_seek;
  Keep(std::move(window.segments), result);
  if (!options_.condition_on_previous_text || decoded.temperature > kMaxPromptTemperature) {
    history_.Reset();
  }
  return window.next_seek;
}

// False: the window comes again, from window->next_seek on.
Result<bool> SeekLoop::AddWords(int64_t seek, int64_t size, const std::string& language,
                                const WhisperGraphs& graphs, WindowSegments* window) {
  SOTTO_RETURN_IF_ERROR(
      stages_.aligner->AddWords(language, size, last_speech_, graphs, &window->segments));
  const WindowPlace place = {seek, size, static_cast<int64_t>(stages_.encoder->max_frames()),
                             stages_.reader->content_frames()};
  const std::optional<double> threshold = options_.hallucination_silence_threshold;
  SeekByWords(place, threshold, window);
  if (threshold && !SkipHallucinations(place, *threshold, last_speech_, window)) return false;
  last_speech_ = EndOfSpeech(window->segments).value_or(last_speech_);
  return true;
}

void SeekLoop::Keep(std::vector<Segment> segments, Transcription* result) {
  ClearEmpty(&segments);
  for (Segment& segment : segments) {
    segment.id = static_cast<int>(result->segments.size());
    history_.Append(segment.tokens);
    bytes_ += stages_.tokenizer->DecodeBytes(segment.tokens);
    if (callbacks_.on_segment && !segment.text.empty()) callbacks_.on_segment(segment);
    result->segments.push_back(std::move(segment));
  }
}

}  // namespace sotto
