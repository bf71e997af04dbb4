#include "whisper/word_aligner.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include "base/stopwatch.h"
#include "whisper/alignment_graph.h"
#include "whisper/attention_matrix.h"
#include "whisper/dtw.h"
#include "whisper/initial_tokens.h"
#include "whisper/window_segments.h"
#include "whisper/word_split.h"

namespace sotto {
namespace {

constexpr double kTokensPerSecond = 50;
constexpr int64_t kFramesPerToken = 2;

// Of `token` among the text tokens, softmax(logits)[token].
double Probability(const float* logits, size_t n_text, int token) {
  const float largest = *std::max_element(logits, logits + n_text);
  double sum = 0;
  for (size_t i = 0; i < n_text; ++i) sum += std::exp(logits[i] - largest);
  return std::exp(logits[token] - largest) / sum;
}

// When each row of the matrix begins, in seconds.
std::vector<double> RowTimes(const WarpPath& path) {
  std::vector<double> times;
  for (size_t i = 0; i < path.rows.size(); ++i) {
    if (i > 0 && path.rows[i] == path.rows[i - 1]) continue;
    times.push_back(path.columns[i] / kTokensPerSecond);
  }
  return times;
}

// words: with the end of text as the last. times: of each token and the end. probabilities: one
// a token.
std::vector<WordTiming> TimeWords(std::vector<TokenWord> words, const std::vector<double>& times,
                                  const std::vector<double>& probabilities) {
  std::vector<WordTiming> timings;
  size_t first = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const size_t count = words[i].tokens.size();
    const auto from = probabilities.begin() + static_cast<std::ptrdiff_t>(first);
    const double sum = std::accumulate(from, from + static_cast<std::ptrdiff_t>(count), 0.0);
    timings.push_back({std::move(words[i].word), std::move(words[i].tokens), times[first],
                       times[first + count], sum / static_cast<double>(count)});
    first += count;
  }
  return timings;
}

}  // namespace

WordAligner::WordAligner(const WhisperBundle& bundle, const Tokenizer& tokenizer,
                         LoadedWindows* windows, const TranscribeOptions& options)
    : bundle_(bundle), tokenizer_(tokenizer), windows_(windows), options_(options) {}

Result<std::vector<WordTiming>> WordAligner::FindAlignment(const std::vector<int>& text,
                                                           const std::string& language,
                                                           int64_t size,
                                                           const WhisperGraphs& graphs) {
  if (text.empty()) return std::vector<WordTiming>();
  std::vector<TokenWord> words = SplitToWords(tokenizer_, text, language);
  if (words.size() <= 1) return std::vector<WordTiming>();

  DecodeRequest request;
  request.language = language;
  request.task = options_.task;
  request.without_timestamps = true;
  std::vector<int> tokens = MakeInitialTokens(request, bundle_).tokens;
  const size_t start = tokens.size() - 1;  // what predicts the text's first token
  tokens.insert(tokens.end(), text.begin(), text.end());
  tokens.push_back(bundle_.vocabulary.eot);
  // The reference fails here. A text of half the context, the default, always fits.
  if (tokens.size() > static_cast<size_t>(bundle_.decoder.cache)) return std::vector<WordTiming>();

  SOTTO_ASSIGN_OR_RETURN(AlignmentGraph * graph, windows_->Alignment(graphs.window()));
  const size_t n_text = static_cast<size_t>(bundle_.vocabulary.eot);
  std::vector<double> probabilities;
  std::vector<float> scores;
  const auto keep = [&](size_t position, const float* logits) {
    if (position < start || position >= start + text.size()) return;
    probabilities.push_back(Probability(logits, n_text, text[position - start]));
  };
  SOTTO_RETURN_IF_ERROR(graph->Run(tokens, keep, options_.cancelled, &scores));

  const size_t heard = std::min(graph->audio_positions(),
                                static_cast<size_t>(std::max<int64_t>(size / kFramesPerToken, 1)));
  std::vector<float> matrix = AttentionMatrix(scores.data(), graph->heads(), tokens.size(),
                                              graph->audio_positions(), heard);
  for (float& value : matrix) value = -value;
  // From the token before the text to the text's last.
  const WarpPath path = Dtw(matrix.data() + start * heard, text.size() + 1, heard);
  return TimeWords(std::move(words), RowTimes(path), probabilities);
}

Result<void> WordAligner::AddWords(const std::string& language, int64_t size, double last_speech,
                                   const WhisperGraphs& graphs, std::vector<Segment>* segments) {
  const Stopwatch watch;
  std::vector<int> text;
  std::vector<size_t> text_tokens;
  for (const Segment& segment : *segments) {
    const size_t before = text.size();
    std::copy_if(segment.tokens.begin(), segment.tokens.end(), std::back_inserter(text),
                 [&](int token) { return token < bundle_.vocabulary.eot; });
    text_tokens.push_back(text.size() - before);
  }
  SOTTO_ASSIGN_OR_RETURN(std::vector<WordTiming> words,
                         FindAlignment(text, language, size, graphs));
  const WordDurations durations = DurationsOf(words);
  ShortenAtSentenceEnds(durations, &words);
  MergePunctuations(options_.prepend_punctuations, options_.append_punctuations, &words);
  GiveWordsToSegments(words, text_tokens, durations, FrameTime((*segments)[0].seek), last_speech,
                      segments);
  milliseconds_ += watch.Milliseconds();
  return {};
}

}  // namespace sotto
