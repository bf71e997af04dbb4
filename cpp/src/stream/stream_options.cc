#include <sstream>
#include <string>

#include "sotto/recognizer.h"
#include "sotto/stream.h"

namespace sotto {
namespace {

template <typename Number>
Result<void> Expect(const char* name, Number value, double min, double max, const char* unit) {
  // Written so that NaN is refused, too.
  if (static_cast<double>(value) >= min && static_cast<double>(value) <= max) return {};
  std::ostringstream message;
  message << name << ' ' << value << ": expected " << min << " to " << max << unit;
  return Error{ErrorCode::kOption, message.str()};
}

}  // namespace

Result<void> StreamOptions::Validate(const RecognizerInfo& info) const {
  const char* const seconds = " seconds";
  SOTTO_RETURN_IF_ERROR(Expect("max_buffer", max_buffer, 4, 29, seconds));
  SOTTO_RETURN_IF_ERROR(Expect("step", step, 0.1, max_buffer / 2, " seconds, half of max_buffer"));
  SOTTO_RETURN_IF_ERROR(Expect("agreement", agreement, 1, 5, " decodings"));
  SOTTO_RETURN_IF_ERROR(Expect("hold_back", hold_back, 0, 2, seconds));
  SOTTO_RETURN_IF_ERROR(Expect("vad_threshold", vad_threshold, 0.01, 0.99, ""));
  SOTTO_RETURN_IF_ERROR(Expect("endpoint_silence", endpoint_silence, 0.1, 5, seconds));
  SOTTO_RETURN_IF_ERROR(Expect("min_speech", min_speech, 0, 1, seconds));
  TranscribeOptions decoding;
  decoding.language = language;
  decoding.task = task;
  decoding.window = window;
  SOTTO_RETURN_IF_ERROR(decoding.Validate(info));
  const int longest = window != 0 ? window : info.windows.back().seconds;
  if (max_buffer > longest) {
    return Expect("max_buffer", max_buffer, 4, longest, " seconds, the window's length");
  }
  return {};
}

}  // namespace sotto
