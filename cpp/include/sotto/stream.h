// Speech to text while it is spoken: confirmed words, and tentative ones that may still change.
//
// The audio since the last pause, or the last max_buffer seconds of it, is decoded again every
// `step` seconds. Words that `agreement` decodings in a row agree on are confirmed (LocalAgreement,
// arXiv:2307.14743), and all of an utterance's once it has ended in silence.

#ifndef SOTTO_STREAM_H_
#define SOTTO_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sotto/error.h"
#include "sotto/speech_model.h"
#include "sotto/transcription.h"
#include "sotto/vad.h"

namespace sotto {

struct RecognizerInfo;

// Durations are seconds.
struct StreamOptions {
  std::string language;             // a code of the model's; empty: detect it, then keep it
  std::string task = "transcribe";  // or "translate": into English
  double step = 0.5;                // of audio between decodings; 0.1 to max_buffer / 2
  double max_buffer = 9;            // of audio held and decoded at once; 4 to 29
  int agreement = 2;                // decodings that must agree; 1 to 5
  double hold_back = 0;             // words that end so near the audio's end stay tentative; 0 to 2
  float vad_threshold = 0.5f;       // probability from which audio is speech; above 0, below 1
  double endpoint_silence = 0.5;    // without speech, ends an utterance; 0.1 to 5
  double min_speech = 0.1;          // of speech; less is no utterance; 0 to 1
  bool condition_on_previous_text = true;  // what was confirmed before is the decoder's prompt
  std::string initial_prompt;              // before anything is confirmed
  int window = 0;  // seconds of one of the bundle's; 0: the shortest that holds what is decoded
  std::function<bool()> cancelled;  // asked before every graph run of a decoding; empty: never

  // kOption, naming the option, its value and what it may be for this model.
  Result<void> Validate(const RecognizerInfo& info) const;
};

struct StreamWord : Word {  // start and end: seconds of the stream
  double confirmed_at = 0;  // seconds pushed by then, so confirmed_at - end is its latency
  int utterance = 0;        // 0, 1, …: the words between two pauses
};

// What a call to Push or Finish brought.
struct StreamUpdate {
  std::vector<StreamWord> confirmed;  // new ones: they never change, nor come again
  std::vector<Word> tentative;        // all past the confirmed ones: replaced by the next update
  int utterances = 0;                 // that have ended so far
  double position = 0;                // seconds pushed so far
  double buffered = 0;                // seconds held, max_buffer at most
  std::string language;               // as given, or detected; empty before the first words
  int decodings = 0;                  // by this call
  double compute_ms = 0;              // spent in this call
};

// One stream of audio. Calls decode on the caller's thread, with a session of the model's pool:
// streams of one model run at once. No call waits for another: one that comes while the stream is
// at work, from `cancelled` or another thread, is kOption, and takes nothing in.
class Stream {
 public:
  // Without `vad` (nullptr) silence is decoded like speech, and an utterance ends where the decoder
  // has heard nothing new for endpoint_silence and 0.7 s.
  // kOption: an option is out of range, or the bundle has no alignment graph, so no word times.
  static Result<std::unique_ptr<Stream>> Create(std::shared_ptr<const SpeechModel> model,
                                                std::shared_ptr<const VoiceActivityDetector> vad,
                                                const StreamOptions& options);

  ~Stream();

  // samples: [count], kSampleRate, mono, any count. Decodes once if a step is due; more often
  // only if more comes than the buffer holds, or an utterance ends within: then what fills the
  // buffer is decoded, and so far confirmed as there must be room for what follows.
  //
  // kAudio: a sample is not finite or absurdly loud; nothing was taken in. After an error of the
  // decoding the samples up to there have been taken in, and what was confirmed comes with the
  // next update. kOption after Finish.
  Result<StreamUpdate> Push(const float* samples, size_t count);

  // Decodes what is left and confirms all of it. Nothing can be pushed afterwards; if it fails
  // it may be called again.
  Result<StreamUpdate> Finish();

 private:
  class Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_STREAM_H_
