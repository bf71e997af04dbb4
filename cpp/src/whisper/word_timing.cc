#include "whisper/word_timing.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "sotto/tokenizer.h"

namespace sotto {
namespace {

constexpr std::string_view kSentenceEnds = ".。!！?？";
constexpr double kMaxMedian = 0.7;  // seconds
constexpr double kSlack = 0.5;      // seconds by which a word may leave its segment

// Python's `part in text`.
bool In(std::string_view part, std::string_view text) {
  return text.find(part) != std::string_view::npos;
}

// numpy's round(x, 2).
double RoundToCentiseconds(double x) { return std::nearbyint(x * 100) / 100; }

void Join(const WordTiming& first, const WordTiming& second, WordTiming* into) {
  std::vector<int> tokens = first.tokens;
  tokens.insert(tokens.end(), second.tokens.begin(), second.tokens.end());
  std::string word = first.word + second.word;
  into->word = std::move(word);
  into->tokens = std::move(tokens);
}

void Empty(WordTiming* word) {
  word->word.clear();
  word->tokens.clear();
}

// The first and the second word after a pause are not much longer than others.
void ShortenAfterPause(const WordDurations& durations, double last_speech,
                       std::vector<Word>* words) {
  Word& first = words->front();
  Word* second = words->size() > 1 ? &(*words)[1] : nullptr;
  const double longest = durations.longest;
  if (!(first.end - last_speech > durations.median * 4)) return;
  if (!(first.end - first.start > longest ||
        (second != nullptr && second->end - first.start > longest * 2))) {
    return;
  }
  if (second != nullptr && second->end - second->start > longest) {
    const double boundary = std::max(second->end / 2, second->end - longest);
    first.end = boundary;
    second->start = boundary;
  }
  first.start = std::max(0.0, first.end - longest);
}

// Whose times count where they differ: the words', unless they are too long.
void AgreeOnEnds(const WordDurations& durations, Segment* segment) {
  Word& first = segment->words.front();
  if (segment->start < first.end && segment->start - kSlack > first.start) {
    first.start = std::max(0.0, std::min(first.end - durations.median, segment->start));
  } else {
    segment->start = first.start;
  }
  Word& last = segment->words.back();
  if (segment->end > last.start && segment->end + kSlack < last.end) {
    last.end = std::max(last.start + durations.median, segment->end);
  } else {
    segment->end = last.end;
  }
}

}  // namespace

WordDurations DurationsOf(const std::vector<WordTiming>& words) {
  std::vector<double> durations;
  for (const WordTiming& word : words) {
    if (word.end - word.start != 0) durations.push_back(word.end - word.start);
  }
  if (durations.empty()) return {};
  std::sort(durations.begin(), durations.end());
  const size_t middle = durations.size() / 2;
  const double median = durations.size() % 2 == 1 ? durations[middle]
                                                  : (durations[middle - 1] + durations[middle]) / 2;
  const double max = std::min(kMaxMedian, median);
  return {max, max * 2};
}

void ShortenAtSentenceEnds(const WordDurations& durations, std::vector<WordTiming>* words) {
  if (durations.longest == 0) return;  // no word lasts
  for (size_t i = 1; i < words->size(); ++i) {
    WordTiming& word = (*words)[i];
    if (!(word.end - word.start > durations.longest)) continue;
    if (In(word.word, kSentenceEnds)) {
      word.end = word.start + durations.longest;
    } else if (In((*words)[i - 1].word, kSentenceEnds)) {
      word.start = word.end - durations.longest;
    }
  }
}

void MergePunctuations(const std::string& prepended, const std::string& appended,
                       std::vector<WordTiming>* words) {
  if (words->size() < 2) return;
  size_t following = words->size() - 1;
  for (size_t i = words->size() - 1; i-- > 0;) {
    WordTiming& previous = (*words)[i];
    const bool spaced = !previous.word.empty() && previous.word.front() == ' ';
    if (spaced && In(TrimWhitespace(previous.word), prepended)) {
      Join(previous, (*words)[following], &(*words)[following]);
      Empty(&previous);
    } else {
      following = i;
    }
  }
  size_t previous = 0;
  for (size_t i = 1; i < words->size(); ++i) {
    WordTiming& word = (*words)[i];
    const std::string& before = (*words)[previous].word;
    const bool spaced = !before.empty() && before.back() == ' ';
    if (!spaced && In(word.word, appended)) {
      Join((*words)[previous], word, &(*words)[previous]);
      Empty(&word);
    } else {
      previous = i;
    }
  }
}

void GiveWordsToSegments(const std::vector<WordTiming>& words,
                         const std::vector<size_t>& text_tokens, const WordDurations& durations,
                         double time_offset, double last_speech, std::vector<Segment>* segments) {
  size_t next = 0;
  for (size_t i = 0; i < segments->size(); ++i) {
    Segment& segment = (*segments)[i];
    for (size_t given = 0; next < words.size() && given < text_tokens[i]; ++next) {
      const WordTiming& timing = words[next];
      given += timing.tokens.size();
      if (timing.word.empty()) continue;
      segment.words.push_back({timing.word, RoundToCentiseconds(time_offset + timing.start),
                               RoundToCentiseconds(time_offset + timing.end),
                               static_cast<float>(timing.probability), timing.tokens});
    }
    if (segment.words.empty()) continue;
    ShortenAfterPause(durations, last_speech, &segment.words);
    AgreeOnEnds(durations, &segment);
    last_speech = segment.end;
  }
}

}  // namespace sotto
