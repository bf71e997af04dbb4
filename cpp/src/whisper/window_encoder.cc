#include "whisper/window_encoder.h"

#include <utility>

#include "base/cancellation.h"

namespace sotto {

WindowEncoder::WindowEncoder(const WhisperBundle& bundle, LoadedWindows* windows,
                             LogMelReader* reader, int options_window,
                             std::function<bool()> cancelled)
    : bundle_(bundle),
      windows_(windows),
      reader_(reader),
      fitted_(options_window == 0),
      longest_(LongestWindow(bundle, options_window)),
      max_frames_(longest_.frames),
      cancelled_(std::move(cancelled)) {}

Result<WhisperGraphs*> WindowEncoder::Encode(int64_t seek, size_t size) {
  return Encode(fitted_ ? FittingWindow(bundle_, size) : longest_, seek, size);
}

Result<WhisperGraphs*> WindowEncoder::EncodeBeginning() {
  const auto content = static_cast<size_t>(reader_->content_frames());
  const Window& window =
      fitted_ && content < max_frames_ ? FittingWindow(bundle_, content) : longest_;
  return Encode(window, 0, window.frames);
}

Result<WhisperGraphs*> WindowEncoder::Encode(const Window& window, int64_t seek, size_t size) {
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, windows_->Graphs(window));
  if (graphs == graphs_ && seek == seek_ && size == size_) return graphs;
  graphs_ = nullptr;
  SOTTO_RETURN_IF_ERROR(reader_->Read(seek, size, window.frames, graphs->log_mel()));
  SOTTO_RETURN_IF_ERROR(StopIf(cancelled_));
  SOTTO_RETURN_IF_ERROR(graphs->Encode());
  graphs_ = graphs;
  seek_ = seek;
  size_ = size;
  return graphs;
}

}  // namespace sotto
