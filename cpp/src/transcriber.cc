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

// Fills `out` as far as the source lasts.
Result<size_t> ReadFully(const AudioSource& source, float* out, size_t count) {
  size_t filled = 0;
  while (filled < count) {
    SOTTO_ASSIGN_OR_RETURN(const size_t read, source(out + filled, count - filled));
    if (read == 0) break;
    filled += read;
  }
  return filled;
}

}  // namespace

Result<void> TranscribeOptions::Validate(const Bundle& bundle) const {
  if (window != 0) {
    std::string known;
    for (const Window& candidate : bundle.windows) {
      if (candidate.seconds == window) return DecodeOptions::Validate(bundle);
      known += " " + std::to_string(candidate.seconds);
    }
    return Error{ErrorCode::kOption, "window " + std::to_string(window) +
                                         ": the bundle has windows of" + known +
                                         " seconds; 0 chooses by the audio's length"};
  }
  return DecodeOptions::Validate(bundle);
}

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
        decoder_(bundle_) {}

  const Bundle& bundle() const { return bundle_; }

  Result<Transcription> Transcribe(const AudioSource& source, const TranscribeOptions& options,
                                   const std::function<void(const Piece&)>& on_piece) {
    SOTTO_RETURN_IF_ERROR(options.Validate(bundle_));
    const std::lock_guard<std::mutex> turn(mutex_);
    const Stopwatch watch;
    Transcription result;
    DecodeOptions decode = options;

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
    result.window = window.seconds;
    SOTTO_ASSIGN_OR_RETURN(WhisperGraphs * graphs, Load(window, &result.profile));
    const GraphCounters before = graphs->counters();

    size_t start = 0;
    while (filled > 0) {
      const size_t count = std::min(filled, Samples(window));
      const bool last = filled <= Samples(window);
      if (start == 0 || count >= kLeastSamples) {
        SOTTO_ASSIGN_OR_RETURN(
            Piece piece, TranscribePiece(audio.data(), count, start, decode, graphs, &result));
        // Later pieces are in the language of the first.
        decode.language = bundle_.multilingual() ? result.language : "";
        if (on_piece) on_piece(piece);
        result.pieces.push_back(std::move(piece));
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

  Result<Piece> TranscribePiece(const float* samples, size_t count, size_t start,
                                const DecodeOptions& options, WhisperGraphs* graphs,
                                Transcription* result) {
    const Stopwatch watch;
    SOTTO_RETURN_IF_ERROR(
        log_mel_.Compute(samples, count, graphs->window().frames, graphs->log_mel()));
    result->profile.log_mel_ms += watch.Milliseconds();
    SOTTO_RETURN_IF_ERROR(graphs->Encode());
    SOTTO_ASSIGN_OR_RETURN(DecodedWindow decoded, decoder_.Decode(options, graphs));
    if (result->pieces.empty()) {
      result->language = decoded.language;
      result->language_probabilities = std::move(decoded.language_probabilities);
    }
    Piece piece;
    piece.start = Seconds(start);
    piece.end = Seconds(start + count);
    piece.text = tokenizer_.Decode(decoded.tokens);
    piece.tokens = std::move(decoded.tokens);
    piece.average_log_probability = decoded.average_log_probability;
    piece.no_speech_probability = decoded.no_speech_probability;
    return piece;
  }

  static void Finish(const GraphCounters& before, const GraphCounters& after, size_t samples,
                     Transcription* result) {
    std::string text;
    for (const Piece& piece : result->pieces) text += piece.text;
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

Result<Transcription> Transcriber::Transcribe(const AudioSource& source,
                                              const TranscribeOptions& options,
                                              const std::function<void(const Piece&)>& on_piece) {
  return impl_->Transcribe(source, options, on_piece);
}

Result<Transcription> Transcriber::Transcribe(const float* samples, size_t count,
                                              const TranscribeOptions& options) {
  size_t read = 0;
  const AudioSource source = [&](float* out, size_t most) -> Result<size_t> {
    const size_t next = std::min(most, count - read);
    std::copy_n(samples + read, next, out);
    read += next;
    return next;
  };
  return impl_->Transcribe(source, options, {});
}

}  // namespace sotto
