#include "stream/stream_cut.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace sotto {
namespace {

constexpr double kPause = 0.5;         // seconds between words, in which no word is cut
constexpr double kMaxLeadIn = 0.5;     // seconds of a pause that are kept before the next word
constexpr size_t kAnchors = 2;         // confirmed words kept where there is no pause
constexpr double kFairPart = 1.0 / 3;  // of the audio, for a sentence's end to be worth it
constexpr double kMinPart = 1.0 / 8;   // of the audio, for any cut to be

bool EndsSentence(const std::string& word) {
  for (const char* mark : {".", "?", "!", "。", "？", "！", "؟", "।"}) {
    const std::string end = mark;
    if (word.size() >= end.size() && word.compare(word.size() - end.size(), end.size(), end) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<double> CutTime(const std::vector<Word>& heard, double rest, double begin,
                              double end) {
  std::optional<double> pause, sentence, any;
  for (size_t i = 0; i < heard.size(); ++i) {
    const double next = i + 1 < heard.size() ? heard[i + 1].start : std::max(rest, heard[i].end);
    const double gap = next - heard[i].end;
    const double cut = next - std::min(gap / 2, kMaxLeadIn);
    if (cut - begin < (end - begin) * kMinPart) continue;
    if (gap >= kPause) pause = cut;
    if (i + kAnchors >= heard.size()) continue;
    any = cut;
    if (EndsSentence(heard[i].word) && cut - begin >= (end - begin) * kFairPart) sentence = cut;
  }
  if (pause && *pause - begin >= (end - begin) * kFairPart) return pause;
  if (sentence) return sentence;
  // The later one leaves more room.
  if (pause && any) return std::max(*pause, *any);
  return pause ? pause : any;
}

}  // namespace sotto
