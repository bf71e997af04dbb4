// When each word was said, and which segment it belongs to (whisper/timing.py,
// merge_punctuations and add_word_timestamps).

#ifndef SOTTO_SRC_WHISPER_WORD_TIMING_H_
#define SOTTO_SRC_WHISPER_WORD_TIMING_H_

#include <string>
#include <vector>

#include "sotto/transcription.h"

namespace sotto {

// Times are seconds from the window's beginning.
struct WordTiming {
  std::string word;
  std::vector<int> tokens;
  double start = 0;
  double end = 0;
  double probability = 0;
};

// What a window's words last.
struct WordDurations {
  double median = 0;   // 0.7 s at most
  double longest = 0;  // that is believed
};

WordDurations DurationsOf(const std::vector<WordTiming>& words);

// Words at the ends of sentences last durations.longest at most.
void ShortenAtSentenceEnds(const WordDurations& durations, std::vector<WordTiming>* words);

// Joins punctuation with the word after or before it; its own word becomes empty.
void MergePunctuations(const std::string& prepended, const std::string& appended,
                       std::vector<WordTiming>* words);

// Gives the words to a window's segments, which begin and end with them then. text_tokens: of
// each segment, how many. time_offset: the window's beginning; last_speech: the end of the last
// word before it, both in seconds from the audio's beginning.
void GiveWordsToSegments(const std::vector<WordTiming>& words,
                         const std::vector<size_t>& text_tokens, const WordDurations& durations,
                         double time_offset, double last_speech, std::vector<Segment>* segments);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WORD_TIMING_H_
