// Where the audio of a stream that is too long for its buffer is cut.

#ifndef SOTTO_SRC_STREAM_STREAM_CUT_H_
#define SOTTO_SRC_STREAM_STREAM_CUT_H_

#include <optional>
#include <vector>

#include "sotto/transcription.h"

namespace sotto {

// The time before which audio need not be decoded again, between two words; nothing if no place
// frees a fair part of begin..end.
//
// heard: the confirmed words of the audio that is held, from `begin` on. rest: where the first
//   tentative word begins, or the audio's end.
//
// The last pause, if there is one. Else two confirmed words stay, for what is decoded next to be
// found by them: cut right behind the last one, a word that is heard again in part could not be
// told from one that was said twice. Then a sentence's end is best: the decoder hears, and its
// prompt ends with, whole sentences.
std::optional<double> CutTime(const std::vector<Word>& heard, double rest, double begin,
                              double end);

}  // namespace sotto

#endif  // SOTTO_SRC_STREAM_STREAM_CUT_H_
