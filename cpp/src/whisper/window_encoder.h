// From a place in a recording to an encoded window.

#ifndef SOTTO_SRC_WHISPER_WINDOW_ENCODER_H_
#define SOTTO_SRC_WHISPER_WINDOW_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "audio/log_mel_reader.h"
#include "sotto/error.h"
#include "whisper/loaded_windows.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_graphs.h"

namespace sotto {

class WindowEncoder {
 public:
  // All must outlive it. options_window: TranscribeOptions::window.
  WindowEncoder(const WhisperBundle& bundle, LoadedWindows* windows, LogMelReader* reader,
                int options_window, std::function<bool()> cancelled);

  // Log-mel frames of a window at most: openai-whisper's N_FRAMES.
  size_t max_frames() const { return max_frames_; }

  // Encodes `size` frames from `seek` on, zeros after them, in the window that options_window
  // says. Does nothing if they are what was encoded last. `seek` must not decrease.
  Result<WhisperGraphs*> Encode(int64_t seek, size_t size);

  // What a language is detected in where no window is transcribed first: the recording's first
  // max_frames(), with silence after it.
  Result<WhisperGraphs*> EncodeBeginning();

 private:
  Result<WhisperGraphs*> Encode(const Window& window, int64_t seek, size_t size);

  const WhisperBundle& bundle_;
  LoadedWindows* windows_;
  LogMelReader* reader_;
  const bool fitted_;  // each window as short as it can be
  const Window& longest_;
  const size_t max_frames_;
  const std::function<bool()> cancelled_;
  // What was encoded last.
  WhisperGraphs* graphs_ = nullptr;
  int64_t seek_ = 0;
  size_t size_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WINDOW_ENCODER_H_
