// How short audio may be.

#ifndef SOTTO_SRC_RECOGNIZER_AUDIO_LENGTH_H_
#define SOTTO_SRC_RECOGNIZER_AUDIO_LENGTH_H_

#include <cstdint>

#include "sotto/error.h"

namespace sotto {

// kAudio if `samples` are fewer than kMinSamples.
Result<void> CheckLength(int64_t samples);

}  // namespace sotto

#endif  // SOTTO_SRC_RECOGNIZER_AUDIO_LENGTH_H_
