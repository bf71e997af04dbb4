#include "whisper/fallback.h"

#include <algorithm>
#include <utility>

namespace sotto {
namespace {

bool Unsure(const DecodedWindow& decoded, const TranscribeOptions& options) {
  return options.logprob_threshold && decoded.avg_logprob < *options.logprob_threshold;
}

bool NoSpeech(const DecodedWindow& decoded, const TranscribeOptions& options) {
  return options.no_speech_threshold && decoded.no_speech_prob > *options.no_speech_threshold;
}

}  // namespace

bool NeedsFallback(const DecodedWindow& decoded, const TranscribeOptions& options) {
  const bool unsure = Unsure(decoded, options);
  if (unsure && NoSpeech(decoded, options)) return false;
  return unsure || (options.compression_ratio_threshold &&
                    decoded.compression_ratio > *options.compression_ratio_threshold);
}

bool IsSilence(const DecodedWindow& decoded, const TranscribeOptions& options) {
  const bool sure = options.logprob_threshold && decoded.avg_logprob > *options.logprob_threshold;
  return NoSpeech(decoded, options) && !sure;
}

FallbackDecoder::FallbackDecoder(const Decoder& decoder, const TranscribeOptions& options,
                                 std::vector<int> prefix)
    : decoder_(decoder), options_(options), prefix_(std::move(prefix)) {}

Result<DecodedWindow> FallbackDecoder::Decode(const std::string& language,
                                              const std::vector<int>& prompt,
                                              WhisperGraphs* graphs) {
  DecodeRequest request;
  request.language = language;
  request.task = options_.task;
  request.sample_len = options_.sample_len;
  request.length_penalty = options_.length_penalty;
  request.prompt = prompt;
  request.prefix = prefix_;
  request.suppress_tokens = options_.suppress_tokens;
  request.suppress_blank = options_.suppress_blank;
  request.without_timestamps = options_.without_timestamps;
  request.max_initial_timestamp = options_.max_initial_timestamp;
  request.cancelled = options_.cancelled;
  DecodedWindow decoded;
  for (double temperature : options_.temperatures) {
    const bool draws = temperature > 0;
    request.temperature = temperature;
    request.samples = draws ? std::max(1, options_.best_of) : 1;
    request.beam_size = draws ? 0 : options_.beam_size;
    request.patience = draws ? 1 : options_.patience.value_or(1);
    if (draws) request.seed = options_.seed + draws_++;
    SOTTO_ASSIGN_OR_RETURN(decoded, decoder_.Decode(request, graphs));
    if (!NeedsFallback(decoded, options_)) break;
  }
  return decoded;
}

}  // namespace sotto
