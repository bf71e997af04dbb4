// Speech to text with one bundle: the runtime's main entry.

#ifndef SOTTO_TRANSCRIBER_H_
#define SOTTO_TRANSCRIBER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sotto/bundle.h"
#include "sotto/decode_options.h"
#include "sotto/error.h"

namespace sotto {

struct LoadOptions {
  int threads = 0;      // of the CPU kernels; 0: as many as there are cores, 4 at most
  bool verify = true;   // check the sha256 of the bundle's files
  std::string library;  // libLiteRt.so; empty: $SOTTO_LITERT, then the system's
};

struct TranscribeOptions : DecodeOptions {
  int window = 0;  // seconds of one of the bundle's windows; 0: the shortest that fits

  Result<void> Validate(const Bundle& bundle) const;
};

// Text of one piece of audio, one window long at most.
struct Piece {
  double start = 0;  // seconds
  double end = 0;    // seconds
  std::string text;  // as decoded, with its leading space
  std::vector<int> tokens;
  float average_log_probability = 0;
  float no_speech_probability = 0;
};

// Milliseconds of each stage, and what the stages did.
struct Profile {
  double load_ms = 0;  // of graphs that were not loaded before
  double log_mel_ms = 0;
  double encoder_ms = 0;
  double decoder_ms = 0;
  double total_ms = 0;
  int64_t encoder_runs = 0;
  int64_t decoder_steps = 0;
  int64_t cache_bytes_written = 0;
};

struct Transcription {
  std::string text;      // of all pieces, without white space at its ends
  std::string language;  // as given, or detected in the first piece
  std::map<std::string, float> language_probabilities;  // where it was detected
  std::vector<Piece> pieces;
  double duration = 0;  // seconds of audio
  int window = 0;       // seconds of the window used
  Profile profile;
};

// Mono float32 samples at 16 kHz, pulled: writes at most `most` samples to `out` and returns how
// many; 0 at the end. What it returns as an error ends the transcription with that error.
using AudioSource = std::function<Result<size_t>(float* out, size_t most)>;

// Shorter audio is refused: no word fits (1,600 samples, 0.1 s).
inline constexpr size_t kLeastSamples = 1600;

// Holds one bundle and what is loaded of it. Safe to share: calls take turns.
class Transcriber {
 public:
  // Opens the bundle and the runtime; graphs are loaded when a window is first used.
  static Result<std::unique_ptr<Transcriber>> Create(const std::string& directory,
                                                     const LoadOptions& options);

  ~Transcriber();

  const Bundle& bundle() const;

  // Audio longer than the longest window is cut into pieces of that length, one after another;
  // memory does not grow with the audio. `on_piece` is called as each piece is done.
  Result<Transcription> Transcribe(const AudioSource& source, const TranscribeOptions& options,
                                   const std::function<void(const Piece&)>& on_piece = {});

  // The same for samples in memory.
  Result<Transcription> Transcribe(const float* samples, size_t count,
                                   const TranscribeOptions& options);

 private:
  class Impl;
  explicit Transcriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto

#endif  // SOTTO_TRANSCRIBER_H_
