// Speech alone: what a voice activity detector leaves of a source, and the way back to the
// source's times (faster_whisper/vad.py, collect_chunks and SpeechTimestampsMap).

#ifndef SOTTO_SRC_VAD_SPEECH_SOURCE_H_
#define SOTTO_SRC_VAD_SPEECH_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/error.h"
#include "sotto/speech_spans.h"
#include "sotto/transcription.h"
#include "sotto/vad.h"

namespace sotto {

struct DetectedSpeech {
  std::vector<SpeechSpan> spans;
  int64_t samples = 0;      // of the source
  double milliseconds = 0;  // without the source's
};

// Reads the source once, block by block. kAudio for a sample that is not finite; kCancelled.
Result<DetectedSpeech> DetectSpeech(AudioSource* source,
                                    const std::shared_ptr<const VoiceActivityDetector>& detector,
                                    const VadOptions& options,
                                    const std::function<bool()>& cancelled);

// The spans of a source, one after another.
class SpeechSource : public AudioSource {
 public:
  // The source must outlive it; the spans ascend.
  SpeechSource(AudioSource* source, std::vector<SpeechSpan> spans);

  Result<size_t> Read(float* out, size_t max_samples) override;
  Result<void> Rewind() override;

 private:
  Result<bool> SkipTo(int64_t sample);

  AudioSource* source_;
  const std::vector<SpeechSpan> spans_;
  std::vector<float> skipped_;
  size_t span_ = 0;
  int64_t position_ = 0;  // of the source
};

// Times in seconds, in the speech alone and in the source. There is at least one span.
class SpeechTimes {
 public:
  explicit SpeechTimes(const std::vector<SpeechSpan>& spans);

  // is_end: of something that ends then; between two spans that is the first one's end.
  double InSource(double speech_time, bool is_end) const;
  // What is between two spans becomes their border.
  double InSpeech(double source_time) const;

  // A segment's and its words' times become the source's. A word stays in one span.
  void Restore(Segment* segment) const;

 private:
  size_t SpanAt(double speech_time, bool is_end) const;
  double InSourceBy(size_t span, double speech_time) const;

  const std::vector<SpeechSpan> spans_;
  std::vector<int64_t> ends_;   // of the spans in the speech alone, samples
  std::vector<double> before_;  // seconds without speech before each span's end
};

}  // namespace sotto

#endif  // SOTTO_SRC_VAD_SPEECH_SOURCE_H_
