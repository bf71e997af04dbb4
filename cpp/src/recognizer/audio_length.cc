#include "recognizer/audio_length.h"

#include <string>

#include "sotto/log_mel.h"
#include "sotto/recognizer.h"

namespace sotto {

Result<void> CheckLength(int64_t samples) {
  if (samples >= static_cast<int64_t>(kMinSamples)) return {};
  const auto seconds = [](int64_t count) {
    return std::to_string(static_cast<double>(count) / kSampleRate);
  };
  return Error{ErrorCode::kAudio, "the audio is " + seconds(samples) + " s long, expected " +
                                      seconds(kMinSamples) + " s or more of speech"};
}

}  // namespace sotto
