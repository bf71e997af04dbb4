// Words and their times for a window's segments, from the decoder's cross-attention
// (whisper/timing.py).

#ifndef SOTTO_SRC_WHISPER_WORD_ALIGNER_H_
#define SOTTO_SRC_WHISPER_WORD_ALIGNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sotto/error.h"
#include "sotto/tokenizer.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"
#include "whisper/loaded_windows.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"
#include "whisper/word_timing.h"

namespace sotto {

class WordAligner {
 public:
  // All must outlive it.
  WordAligner(const WhisperBundle& bundle, const Tokenizer& tokenizer, LoadedWindows* windows,
              const TranscribeOptions& options);

  // Fills in the words of `segments`, all of one window, and sets their start and end by them.
  // graphs: with that window encoded; their decoding must start anew afterwards. size: frames of
  // it that are audio. last_speech: seconds, the end of the last word before the window.
  Result<void> AddWords(const std::string& language, int64_t size, double last_speech,
                        const WhisperGraphs& graphs, std::vector<Segment>* segments);

  double milliseconds() const { return milliseconds_; }

 private:
  Result<std::vector<WordTiming>> FindAlignment(const std::vector<int>& text,
                                                const std::string& language, int64_t size,
                                                const WhisperGraphs& graphs);

  const WhisperBundle& bundle_;
  const Tokenizer& tokenizer_;
  LoadedWindows* windows_;
  const TranscribeOptions& options_;
  double milliseconds_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WORD_ALIGNER_H_
