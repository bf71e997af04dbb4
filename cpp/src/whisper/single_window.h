// A few seconds of samples, decoded once with the time of each word: what a stream is made of.
// Without the seek loop no window is decoded twice, and no rest of a window on its own, where
// Whisper makes up words.

#ifndef SOTTO_SRC_WHISPER_SINGLE_WINDOW_H_
#define SOTTO_SRC_WHISPER_SINGLE_WINDOW_H_

#include <cstddef>
#include <vector>

#include "sotto/error.h"
#include "sotto/log_mel.h"
#include "sotto/tokenizer.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"
#include "whisper/decoder.h"
#include "whisper/loaded_windows.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// What decoding needs; all must outlive the call.
struct SingleWindowStages {
  const WhisperBundle* bundle;
  const Tokenizer* tokenizer;
  const LogMel* log_mel;
  const Decoder* decoder;
  LoadedWindows* windows;
};

// As SpeechSession::TranscribeWindow.
Result<Transcription> TranscribeSingleWindow(const SingleWindowStages& stages, const float* samples,
                                             size_t count, const std::vector<int>& prompt,
                                             const TranscribeOptions& options);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SINGLE_WINDOW_H_
