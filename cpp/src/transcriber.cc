#include "sotto/transcriber.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "decoder.h"
#include "embedding_table.h"
#include "litert_graph.h"
#include "npy.h"
#include "sotto/log_mel.h"
#include "sotto/tokenizer.h"
#include "stopwatch.h"
#include "whisper_graphs.h"

namespace sotto {
namespace {

constexpr int kMostThreads = 4;

// Cropped closer to the end of speech, Whisper invents words.
constexpr double kWindowMargin = 1.0;  // seconds

double Seconds(size_t samples) { return static_cast<double>(samples) / kSampleRate; }

size_t Samples(const Window& window) { return window.frames * kHopLength; }

int DefaultThreads() {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(cores, 1, kMostThreads);
}

}  // namespace

class Transcriber::Impl {
 public:
  Impl(Bundle bundle, std::shared_ptr<const LiteRtRuntime> runtime, LogMel log_mel,
       Tokenizer tokenizer, EmbeddingTable tokens, MappedNpy positions, int threads)
      : bundle_(std::move(bundle)),
        runtime_(std::move(runtime)),
        log_mel_(std::move(log_mel)),
        tokenizer_(std::move(tokenizer)),
        tokens_(std::move(tokens)),
        positions_(std::move(positions)),
        threads_(threads),
        decoder_(bundle_, tokenizer_) {}

  const Bundle& bundle() const { return bundle_; }

  Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                   const TranscribeCallbacks& callbacks) {
    SOTTO_RETURN_IF_ERROR(options.Validate(bundle_));
    const std::lock_guard<std::mutex> turn(mutex_);
    const Stopwatch watch;
    Transcription result;
    result.language = bundle_.multilingual() ? options.language : "en";

    // One piece of the longest window, and one sample more to know whether it is the last.
    const size_t longest = Samples(Longest(options.window));
    std::vector<float> audio(longest + 1);
    SOTTO_ASSIGN_OR_RETURN(size_t filled, ReadFully(source, audio.data(), audio.size()));
    if (filled < kLeastSamples) {
      return Error{ErrorCode::kAudio,
                   "the audio is " + std::to_string(Seconds(filled)) + " s long, expected " +
                       std::to_string(Seconds(kLeastSamples)) + " s or more of speech"};
    }
    const Window& window = Choose(options.window, filled);
    SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, Load(window, &result.profile));
    const GraphCounters before = graphs->counters();

    size_t start = 0;
    while (filled > 0) {
      const size_t count = std::min(filled, Samples(window));
      const bool last = filled <= Samples(window);
      if (start == 0 || count >= kLeastSamples) {
        SOTTO_ASSIGN_OR_RETURN(
            Segment segment, TranscribePiece(audio.data(), count, start, options, graphs, &result));
        if (callbacks.on_segment) callbacks.on_segment(segment);
        result.segments.push_back(std::move(segment));
      }
      start += count;
      if (last) break;
      std::copy(audio.begin() + static_cast<std::ptrdiff_t>(count),
                audio.begin() + static_cast<std::ptrdiff_t>(filled), audio.begin());
      filled -= count;
      SOTTO_ASSIGN_OR_RETURN(const size_t more,
                             ReadFully(source, audio.data() + filled, longest + 1 - filled));
      filled += more;
    }
    Finish(before, graphs->counters(), start, &result);
    result.profile.total_ms = watch.Milliseconds();
    return result;
  }

 private:
  // The window of `seconds`, or the longest there is.
  const Window& Longest(int seconds) const {
    for (const Window& window : bundle_.windows) {
      if (window.seconds == seconds) return window;
    }
    return bundle_.windows.back();
  }

  // The shortest window that holds `samples` with a margin, unless one is asked for.
  const Window& Choose(int seconds, size_t samples) const {
    if (seconds != 0) return Longest(seconds);
    for (const Window& window : bundle_.windows) {
      if (Seconds(samples) + kWindowMargin <= Seconds(Samples(window))) return window;
    }
    return bundle_.windows.back();
  }

  Result<WhisperGraphs*> Load(const Window& window, Profile* profile) {
    std::unique_ptr<WhisperGraphs>& graphs = graphs_[window.seconds];
    if (graphs == nullptr) {
      SOTTO_ASSIGN_OR_RETURN(
          graphs, WhisperGraphs::Create(runtime_, bundle_, window, tokens_, positions_, threads_));
      profile->load_ms = graphs->counters().load_ms;
    }
    return graphs.get();
  }

  Result<Segment> TranscribePiece(const float* samples, size_t count, size_t start,
                                  const TranscribeOptions& options, WhisperGraphs* graphs,
                                  Transcription* result) {
    const Stopwatch watch;
    SOTTO_RETURN_IF_ERROR(
        log_mel_.Compute(samples, count, graphs->window().frames, graphs->log_mel()));
    result->profile.log_mel_ms += watch.Milliseconds();
    SOTTO_RETURN_IF_ERROR(graphs->Encode());
    if (result->language.empty()) {
      SOTTO_ASSIGN_OR_RETURN(result->language_probabilities, decoder_.DetectLanguage(graphs));
      float best = -1;
      for (const auto& [code, probability] : result->language_probabilities) {
        if (probability > best) result->language = code;
        best = std::max(best, probability);
      }
    }
    DecodeRequest request;
    request.language = result->language;
    request.task = options.task;
    request.sample_len = options.sample_len;
    request.cancelled = options.cancelled;
    SOTTO_ASSIGN_OR_RETURN(DecodedWindow decoded, decoder_.Decode(request, graphs));
    Segment segment;
    segment.start = Seconds(start);
    segment.end = Seconds(start + count);
    segment.text = tokenizer_.Decode(decoded.tokens);
    segment.tokens = std::move(decoded.tokens);
    segment.avg_logprob = decoded.avg_logprob;
    segment.no_speech_prob = decoded.no_speech_prob;
    return segment;
  }

  static void Finish(const GraphCounters& before, const GraphCounters& after, size_t samples,
                     Transcription* result) {
    std::string text;
    for (const Segment& segment : result->segments) text += segment.text;
    result->text = std::string(TrimWhitespace(text));
    result->duration = Seconds(samples);
    result->profile.encoder_ms = after.encoder_ms - before.encoder_ms;
    result->profile.decoder_ms = after.decoder_ms - before.decoder_ms;
    result->profile.encoder_runs = after.encoder_runs - before.encoder_runs;
    result->profile.decoder_steps = after.decoder_steps - before.decoder_steps;
    result->profile.cache_bytes_written = after.cache_bytes_written - before.cache_bytes_written;
  }

  const Bundle bundle_;
  const std::shared_ptr<const LiteRtRuntime> runtime_;
  const LogMel log_mel_;
  const Tokenizer tokenizer_;
  const EmbeddingTable tokens_;
  const MappedNpy positions_;
  const int threads_;
  std::mutex mutex_;  // over everything below
  Decoder decoder_;
  std::map<int, std::unique_ptr<WhisperGraphs>> graphs_;  // by seconds
};

Result<std::unique_ptr<Transcriber>> Transcriber::Create(const std::string& directory,
                                                         const LoadOptions& options) {
  if (options.threads < 0 || options.threads > 1024) {
    return Error{ErrorCode::kOption,
                 "threads " + std::to_string(options.threads) + ": expected 0 to 1024"};
  }
  SOTTO_ASSIGN_OR_RETURN(Bundle bundle, Bundle::Open(directory, options.verify));
  const Dims& dims = bundle.dims;
  const size_t width = static_cast<size_t>(dims.n_text_state);
  SOTTO_ASSIGN_OR_RETURN(const MappedNpy filters, MappedNpy::Open(bundle.mel_filters));
  SOTTO_RETURN_IF_ERROR(
      filters.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_mels), kFftBins}));
  SOTTO_ASSIGN_OR_RETURN(LogMel log_mel,
                         LogMel::Create(filters.As<float>(), static_cast<size_t>(dims.n_mels)));
  SOTTO_ASSIGN_OR_RETURN(Tokenizer tokenizer,
                         Tokenizer::Open(bundle.tokenizer, bundle.vocabulary.eot));
  std::optional<std::string> scales;
  if (!bundle.token_embedding_scales.empty()) scales = bundle.token_embedding_scales;
  SOTTO_ASSIGN_OR_RETURN(EmbeddingTable tokens,
                         EmbeddingTable::Open(bundle.token_embedding, scales,
                                              static_cast<size_t>(dims.n_vocab), width));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy positions, MappedNpy::Open(bundle.positional_embedding));
  SOTTO_RETURN_IF_ERROR(
      positions.Expect(NpyType::kFloat32, {static_cast<size_t>(dims.n_text_ctx), width}));
  SOTTO_ASSIGN_OR_RETURN(auto runtime, LiteRtRuntime::Create(options.library));
  const int threads = options.threads > 0 ? options.threads : DefaultThreads();
  return std::unique_ptr<Transcriber>(new Transcriber(std::make_unique<Impl>(
      std::move(bundle), std::move(runtime), std::move(log_mel), std::move(tokenizer),
      std::move(tokens), std::move(positions), threads)));
}

Transcriber::Transcriber(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transcriber::~Transcriber() = default;

const Bundle& Transcriber::bundle() const { return impl_->bundle(); }

Result<Transcription> Transcriber::Transcribe(AudioSource* source, const TranscribeOptions& options,
                                              const TranscribeCallbacks& callbacks) {
  return impl_->Transcribe(source, options, callbacks);
}

}  // namespace sotto
