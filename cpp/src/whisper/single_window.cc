#include "whisper/single_window.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/cancellation.h"
#include "whisper/fallback.h"
#include "whisper/window_segments.h"
#include "whisper/word_aligner.h"

namespace sotto {
namespace {

// Where the last word before the audio ended: long ago, so that a first word that lasts all of the
// pause before it is shortened.
constexpr double kLastSpeech = -30;  // seconds

std::string Likeliest(const std::map<std::string, float>& probabilities) {
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  return std::max_element(probabilities.begin(), probabilities.end(), less)->first;
}

bool IsTooRepetitive(const DecodedWindow& decoded, const TranscribeOptions& options) {
  return options.compression_ratio_threshold &&
         decoded.compression_ratio > *options.compression_ratio_threshold;
}

// openai-whisper's: a prompt begins with a space.
std::vector<int> InitialPrompt(const TranscribeOptions& options, const Tokenizer& tokenizer) {
  const std::string_view text = TrimWhitespace(options.initial_prompt);
  return text.empty() ? std::vector<int>() : tokenizer.Encode(" " + std::string(text));
}

DecodeRequest Request(const TranscribeOptions& options, const std::string& language,
                      const std::vector<int>& prompt) {
  DecodeRequest request;
  request.language = language;
  request.task = options.task;
  request.sample_len = options.sample_len;
  request.prompt = prompt;
  request.without_timestamps = options.without_timestamps;
  request.cancelled = options.cancelled;
  return request;
}

}  // namespace

Result<Transcription> TranscribeSingleWindow(const SingleWindowStages& stages, const float* samples,
                                             size_t count, const std::vector<int>& prompt,
                                             const TranscribeOptions& options) {
  const WhisperBundle& bundle = *stages.bundle;
  const size_t frames = count / kHopLength;
  const Window& window =
      options.window != 0 ? LongestWindow(bundle, options.window) : FittingWindow(bundle, frames);
  SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, stages.windows->Graphs(window));
  SOTTO_RETURN_IF_ERROR(stages.log_mel->Compute(samples, count, window.frames, graphs->log_mel()));
  SOTTO_RETURN_IF_ERROR(StopIf(options.cancelled));
  SOTTO_RETURN_IF_ERROR(graphs->Encode());
  Transcription result;
  result.duration = static_cast<double>(count) / kSampleRate;
  result.language = bundle.multilingual() ? options.language : "en";
  if (result.language.empty()) {
    SOTTO_ASSIGN_OR_RETURN(result.language_probabilities,
                           stages.decoder->DetectLanguage(options.cancelled, graphs));
    result.language = Likeliest(result.language_probabilities);
  }
  DecodeRequest request =
      Request(options, result.language,
              prompt.empty() ? InitialPrompt(options, *stages.tokenizer) : prompt);
  SOTTO_ASSIGN_OR_RETURN(DecodedWindow decoded, stages.decoder->Decode(request, graphs));
  if (IsTooRepetitive(decoded, options) && request.without_timestamps) {
    // The rules of timestamps lead the decoder out of most loops.
    request.without_timestamps = false;
    SOTTO_ASSIGN_OR_RETURN(decoded, stages.decoder->Decode(request, graphs));
  }
  if (IsSilence(decoded, options)) return result;
  const auto size = static_cast<int64_t>(std::min(frames, window.frames));
  result.segments = SliceWindow(decoded, 0, size, bundle.vocabulary, *stages.tokenizer).segments;
  if (IsTooRepetitive(decoded, options)) return result;
  WordAligner aligner(bundle, *stages.tokenizer, stages.windows, options);
  SOTTO_RETURN_IF_ERROR(
      aligner.AddWords(result.language, size, kLastSpeech, *graphs, &result.segments));
  return result;
}

}  // namespace sotto
