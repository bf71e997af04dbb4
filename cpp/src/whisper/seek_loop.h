// openai-whisper's transcribe() over one recording (whisper/transcribe.py): window after window,
// each beginning where the text of the one before ended.

#ifndef SOTTO_SRC_WHISPER_SEEK_LOOP_H_
#define SOTTO_SRC_WHISPER_SEEK_LOOP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "audio/log_mel_reader.h"
#include "sotto/error.h"
#include "sotto/recognizer.h"
#include "sotto/tokenizer.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"
#include "whisper/decoder.h"
#include "whisper/fallback.h"
#include "whisper/prompt_history.h"
#include "whisper/seek_clips.h"
#include "whisper/whisper_bundle.h"
#include "whisper/window_encoder.h"
#include "whisper/window_segments.h"
#include "whisper/word_aligner.h"

namespace sotto {

class SeekLoop {
 public:
  // What it works with; all must outlive it.
  struct Stages {
    const WhisperBundle* bundle;
    const Tokenizer* tokenizer;
    const Decoder* decoder;
    LogMelReader* reader;  // measured
    WindowEncoder* encoder;
    WordAligner* aligner;  // null: no words
  };

  SeekLoop(const Stages& stages, const TranscribeOptions& options,
           const TranscribeCallbacks& callbacks, PromptHistory history);

  // Fills in language, segments and text of `result`.
  Result<void> Run(Transcription* result);

 private:
  Result<void> DetectLanguage(const std::vector<SeekClip>& clips, Transcription* result);
  Result<int64_t> TranscribeWindow(int64_t seek, int64_t clip_end, Transcription* result);
  Result<bool> AddWords(int64_t seek, int64_t size, const std::string& language,
                        const WhisperGraphs& graphs, WindowSegments* window);
  void Keep(std::vector<Segment> segments, Transcription* result);
  int64_t SizeAt(int64_t seek, int64_t clip_end) const;

  const Stages stages_;
  const TranscribeOptions& options_;
  const TranscribeCallbacks& callbacks_;
  PromptHistory history_;
  FallbackDecoder fallback_;
  double last_speech_ = 0;  // seconds, the end of the last word
  std::string bytes_;  // of all segments' text: a character may begin in one and end in the next
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SEEK_LOOP_H_
