// How audio is transcribed. Names, defaults and meaning are those of openai-whisper's
// transcribe() and DecodingOptions (whisper/transcribe.py, whisper/decoding.py), and of
// faster-whisper where it adds to them.

#ifndef SOTTO_TRANSCRIBE_OPTIONS_H_
#define SOTTO_TRANSCRIBE_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/error.h"
#include "sotto/speech_spans.h"

namespace sotto {

class VoiceActivityDetector;
struct RecognizerInfo;

// How one window is decoded.
struct DecodeOptions {
  std::string language;             // a code of the model's such as "en"; empty: detect it
  std::string task = "transcribe";  // or "translate": into English
  int sample_len = 0;               // tokens sampled a window at most; 0: half the text context
  int best_of = 0;                  // samples drawn above temperature 0; 0: 1
  int beam_size = 0;                // beams at temperature 0; 0: greedy
  std::optional<double> patience;   // of beam search (arXiv:2204.05424); unset: 1
  std::optional<double> length_penalty;  // 0..1, alpha of Google NMT; unset: divide by length
  std::string prefix;                    // text that each window begins with
  // Token ids never sampled; -1 stands for the bundle's own list of symbols that are not speech.
  std::vector<int> suppress_tokens = {-1};
  bool suppress_blank = true;                         // no space or end of text at first
  bool without_timestamps = false;                    // text alone
  std::optional<double> max_initial_timestamp = 1.0;  // seconds; unset: no limit
  uint64_t seed = 0;                                  // of sampling above temperature 0

  Result<void> Validate(const RecognizerInfo& info) const;
};

struct TranscribeOptions : DecodeOptions {
  // Tried one after another while a window fails by the thresholds below; unset: no such test.
  std::vector<double> temperatures = {0.0, 0.2, 0.4, 0.6, 0.8, 1.0};
  std::optional<double> compression_ratio_threshold = 2.4;  // above: too repetitive
  std::optional<double> logprob_threshold = -1.0;           // average below: too unsure
  // Above, and the average log probability below its threshold: silence.
  std::optional<double> no_speech_threshold = 0.6;

  bool condition_on_previous_text = true;  // a window's prompt is the text before it
  // The first window's prompt; its last tokens count, n_text_ctx / 2 - 1 of them.
  std::string initial_prompt;
  bool carry_initial_prompt = false;  // it goes before each window's prompt, and must fit in
  std::string hotwords;               // words put before each window's prompt, no prefix given

  bool word_timestamps = false;  // needs a bundle with an alignment graph
  std::string prepend_punctuations = "\"'“¿([{-";
  std::string append_punctuations = "\"'.。,，!！?？:：”)]}、";
  // Seconds, ascending: start, end, start, end …; the last end may be left out; empty: all.
  std::vector<double> clip_timestamps;
  // Seconds; with words: silence longer than this around a likely hallucination is skipped.
  std::optional<double> hallucination_silence_threshold;

  // Seconds of one of the bundle's windows; 0: the shortest that holds what is left of the
  // audio with a margin, which is faster than openai-whisper's fixed 30 and may differ in a word.
  int window = 0;

  // Leaves out what holds no speech, by this detector's probabilities, which saves time and
  // hallucinations; null: all is transcribed. Times are the audio's all the same; Segment::seek is
  // the speech's.
  std::shared_ptr<const VoiceActivityDetector> vad_filter;
  VadOptions vad;

  // Asked before every graph run (of the detector's: every second of audio), and while the audio
  // is read: the call ends with kCancelled one run late at most. Empty: never.
  std::function<bool()> cancelled;

  // kOption, naming the option, its value and what it may be for this model.
  Result<void> Validate(const RecognizerInfo& info) const;
};

}  // namespace sotto

#endif  // SOTTO_TRANSCRIBE_OPTIONS_H_
