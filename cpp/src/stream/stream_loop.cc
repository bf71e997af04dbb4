#include "stream/stream_loop.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/stopwatch.h"
#include "sotto/log_mel.h"
#include "stream/stream_cut.h"

namespace sotto {
namespace {

constexpr size_t kBlock = kVadChunk;
constexpr double kLeadIn = 0.8;  // seconds before speech is detected that are decoded with it
// After a shorter pause the decoder hears what was before it, too.
constexpr double kContextPause = 1.5;  // seconds
constexpr double kMinDecoded = 1.0;    // seconds; of less Whisper makes up words
constexpr double kTail = 0.1;          // seconds after speech that a decoding has to hear
constexpr double kUnheard = 0.7;   // seconds of speech that a decoder without one to help may miss
constexpr float kLoudest = 1e10f;  // as in sotto/preprocess/audio.py
constexpr size_t kPromptTokens = 40;  // each costs a decoder step, in each decoding
constexpr double kForever = std::numeric_limits<double>::infinity();

int64_t Samples(double seconds) { return std::llround(seconds * kSampleRate); }

double Seconds(int64_t samples) { return static_cast<double>(samples) / kSampleRate; }

EndpointOptions ForEndpoint(const StreamOptions& options) {
  EndpointOptions endpoint;
  endpoint.threshold = options.vad_threshold;
  endpoint.silence = options.endpoint_silence;
  endpoint.min_speech = options.min_speech;
  endpoint.samples_a_block = kBlock;
  return endpoint;
}

Result<void> CheckSamples(const float* samples, size_t count, int64_t position) {
  for (size_t i = 0; i < count; ++i) {
    if (std::abs(samples[i]) <= kLoudest) continue;  // false for NaN
    return Error{ErrorCode::kAudio,
                 "sample " + std::to_string(i) + " of " + std::to_string(count) + " pushed at " +
                     std::to_string(Seconds(position)) + " s is " + std::to_string(samples[i]) +
                     ": expected finite numbers, nominally in -1..1; nothing was taken in"};
  }
  return {};
}

}  // namespace

StreamLoop::StreamLoop(const StreamOptions& options, StreamDecode decode, StreamDetect detect)
    : options_(options),
      decode_(std::move(decode)),
      detect_(std::move(detect)),
      buffer_(static_cast<size_t>(Samples(options.max_buffer))),
      endpoint_(ForEndpoint(options)),
      agreement_(options.agreement),
      in_utterance_(!detect_),
      language_(options.language),
      language_is_sure_(!options.language.empty()) {}

Result<StreamUpdate> StreamLoop::Push(const float* samples, size_t count) {
  if (finished_) {
    return Error{ErrorCode::kOption, "the stream is finished; push to a new one"};
  }
  const Stopwatch watch;
  SOTTO_RETURN_IF_ERROR(CheckSamples(samples, count, pushed_));
  pushed_ += static_cast<int64_t>(count);
  const Result<void> taken = TakeIn(samples, count);
  if (!taken.ok()) {
    pushed_ = buffer_.end();
    return taken.error();
  }
  return TakeUpdate(watch.Milliseconds());
}

Result<StreamUpdate> StreamLoop::Finish() {
  const Stopwatch watch;
  if (in_utterance_) SOTTO_RETURN_IF_ERROR(EndUtterance());
  Drop(buffer_.end());
  finished_ = true;
  return TakeUpdate(watch.Milliseconds());
}

Result<void> StreamLoop::TakeIn(const float* samples, size_t count) {
  // One whose last decoding failed.
  if (detect_ && in_utterance_ && !endpoint_.speaking()) SOTTO_RETURN_IF_ERROR(EndUtterance());
  const int64_t blocks = buffer_.end() / static_cast<int64_t>(kBlock);
  while (count > 0) {
    const size_t piece = std::min(count, kBlock - static_cast<size_t>(buffer_.end()) % kBlock);
    if (buffer_.room() < piece) SOTTO_RETURN_IF_ERROR(MakeRoom());
    buffer_.Append(samples, piece);
    SOTTO_RETURN_IF_ERROR(Listen(samples, piece));
    samples += piece;
    count -= piece;
  }
  // Once a block, so that it makes no difference how little is pushed at a time.
  if (buffer_.end() / static_cast<int64_t>(kBlock) == blocks || !IsDue()) return {};
  return Decode();
}

Result<void> StreamLoop::Listen(const float* samples, size_t count) {
  if (!detect_) return {};
  SOTTO_ASSIGN_OR_RETURN(const std::vector<float> probabilities, detect_(samples, count));
  for (const float probability : probabilities) {
    const Endpoint::Event event = endpoint_.Push(probability);
    if (event == Endpoint::Event::kBegin) {
      in_utterance_ = true;
      decoded_ = endpoint_.begin();
    } else if (event == Endpoint::Event::kEnd) {
      SOTTO_RETURN_IF_ERROR(EndUtterance());
    }
  }
  if (!in_utterance_) DropSilence();
  return {};
}

// Between utterances. After a short pause the decoder does better to hear what was before it.
void StreamLoop::DropSilence() {
  if (!agreement_.heard().empty()) {
    if (endpoint_.silence() < Samples(kContextPause)) return;
    Remember(agreement_.Clear());
  }
  Drop(std::max(endpoint_.begin() - Samples(kLeadIn), ended_));
}

bool StreamLoop::IsDue() const {
  if (!in_utterance_ || buffer_.size() < static_cast<size_t>(Samples(kMinDecoded))) return false;
  if (buffer_.end() - decoded_ >= Samples(options_.step)) return true;
  // In a pause: should it last, what is decoded now is the utterance.
  return detect_ && endpoint_.silence() >= Samples(options_.endpoint_silence / 2) &&
         !IsHeardToItsEnd();
}

bool StreamLoop::IsHeardToItsEnd() const {
  if (!detect_) return decoded_ == buffer_.end();
  return decoded_ >= endpoint_.end() + Samples(std::min(kTail, options_.endpoint_silence / 2));
}

Result<void> StreamLoop::Decode() {
  if (buffer_.size() < kMinSamples) return {};
  SOTTO_ASSIGN_OR_RETURN(
      StreamHypothesis hypothesis,
      decode_(buffer_.data(), buffer_.size(), prompt_, language_is_sure_ ? language_ : ""));
  ++pending_.decodings;
  decoded_ = buffer_.end();
  if (hypothesis.usable) {
    language_ = hypothesis.language;
    SOTTO_RETURN_IF_ERROR(Take(std::move(hypothesis.words)));
  }
  if (buffer_.room() < static_cast<size_t>(Samples(options_.step))) Trim();
  return {};
}

// words: seconds from the buffer's beginning.
Result<void> StreamLoop::Take(std::vector<Word> words) {
  const double begin = Seconds(buffer_.begin());
  const double end = Seconds(buffer_.end());
  for (Word& word : words) {
    word.start = std::clamp(word.start + begin, begin, end);
    word.end = std::clamp(word.end + begin, word.start, end);
  }
  Confirm(agreement_.Insert(std::move(words), end - options_.hold_back));
  if (!detect_ && IsPaused()) return EndUtterance();
  return {};
}

// Without a detector: whether the decoder has long heard nothing new.
bool StreamLoop::IsPaused() const {
  if (!agreement_.tentative().empty()) return false;
  if (agreement_.heard().empty()) return buffer_.size() > static_cast<size_t>(Samples(kUnheard));
  return Seconds(buffer_.end()) - agreement_.heard().back().end >=
         options_.endpoint_silence + kUnheard;
}

Result<void> StreamLoop::EndUtterance() {
  if (!IsHeardToItsEnd()) SOTTO_RETURN_IF_ERROR(Decode());
  Confirm(agreement_.ConfirmUntil(kForever));
  if (detect_) {
    in_utterance_ = false;
    ended_ = endpoint_.end();
    ++pending_.utterances;
    return {};
  }
  const std::vector<Word> heard = agreement_.Clear();
  if (!heard.empty()) ++pending_.utterances;
  Remember(heard);
  // What is left of the pause may be the beginning of what follows.
  buffer_.DropBefore(buffer_.end() - Samples(kUnheard));
  return {};
}

// Called when the buffer is full: step by step more is given up, and at last something is.
Result<void> StreamLoop::MakeRoom() {
  if (decoded_ < buffer_.end() && in_utterance_) SOTTO_RETURN_IF_ERROR(Decode());
  if (buffer_.room() >= kBlock || Trim()) return {};
  // Nothing is agreed upon. The decoder changes its mind on the last words, not on the first.
  const int64_t quarter = static_cast<int64_t>(buffer_.capacity() / 4);
  Confirm(agreement_.ConfirmUntil(Seconds(buffer_.end() - quarter)));
  if (Trim()) return {};
  Drop(agreement_.tentative().empty() ? buffer_.end() - quarter : buffer_.begin() + quarter);
  return {};
}

bool StreamLoop::Trim() {
  const double end = Seconds(buffer_.end());
  const std::optional<double> cut =
      CutTime(agreement_.heard(), Unheard(), Seconds(buffer_.begin()), end);
  if (!cut) return false;
  Drop(Samples(*cut));
  return true;
}

// From where on there may be words that are not confirmed. That the decoder says none is no proof:
// it is often silent on the first second of a sentence.
double StreamLoop::Unheard() const {
  const double end = Seconds(buffer_.end());
  if (!agreement_.tentative().empty()) return agreement_.tentative().front().start;
  if (!detect_) return agreement_.heard().empty() ? end : agreement_.heard().back().end;
  return in_utterance_ ? std::min(end, Seconds(endpoint_.begin()) - kLeadIn) : end;
}

void StreamLoop::Confirm(const std::vector<Word>& words) {
  for (const Word& word : words) {
    StreamWord confirmed;
    static_cast<Word&>(confirmed) = word;
    confirmed.confirmed_at = Seconds(pushed_);
    confirmed.utterance = pending_.utterances;
    pending_.confirmed.push_back(std::move(confirmed));
  }
  if (!words.empty()) language_is_sure_ = true;
}

void StreamLoop::Drop(int64_t before) {
  buffer_.DropBefore(before);
  Remember(agreement_.Forget(Seconds(buffer_.begin())));
}

void StreamLoop::Remember(const std::vector<Word>& words) {
  if (!options_.condition_on_previous_text) return;
  for (const Word& word : words) {
    prompt_.insert(prompt_.end(), word.tokens.begin(), word.tokens.end());
  }
  if (prompt_.size() > kPromptTokens) {
    prompt_.erase(prompt_.begin(), prompt_.end() - static_cast<std::ptrdiff_t>(kPromptTokens));
  }
}

StreamUpdate StreamLoop::TakeUpdate(double compute_ms) {
  StreamUpdate update = std::exchange(pending_, {});
  pending_.utterances = update.utterances;
  update.tentative = agreement_.tentative();
  update.position = Seconds(pushed_);
  update.buffered = Seconds(static_cast<int64_t>(buffer_.size()));
  if (language_is_sure_) update.language = language_;
  update.compute_ms = compute_ms;
  return update;
}

}  // namespace sotto
