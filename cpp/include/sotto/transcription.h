// What a transcription gives back. Times are seconds from the audio's beginning.

#ifndef SOTTO_TRANSCRIPTION_H_
#define SOTTO_TRANSCRIPTION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sotto {

struct Word {
  std::string word;  // with its leading space and punctuation
  double start = 0;
  double end = 0;
  float probability = 0;  // mean of its tokens'
  std::vector<int> tokens;
};

// openai-whisper's segment: from one timestamp to the next, or a window.
struct Segment {
  int id = 0;        // 0, 1, …
  int64_t seek = 0;  // log-mel frame at which its window begins
  double start = 0;
  double end = 0;
  std::string text;                   // as decoded, with its leading space
  std::vector<int> tokens;            // with timestamps
  std::vector<float> token_logprobs;  // natural logarithm, one a token
  double temperature = 0;             // its window was decoded at
  float avg_logprob = 0;              // of its window's tokens and the end of text
  float compression_ratio = 0;        // of its window's text
  float no_speech_prob = 0;           // of its window
  std::vector<Word> words;            // empty unless asked for
};

// Milliseconds of each stage, and what the stages did.
struct Profile {
  std::string accelerator;  // that the graphs ran on: "cpu" or "npu"
  double load_ms = 0;       // of graphs that were not loaded before
  double log_mel_ms = 0;
  double encoder_ms = 0;
  double decoder_ms = 0;
  double alignment_ms = 0;
  double vad_ms = 0;
  double total_ms = 0;
  int64_t encoder_runs = 0;
  int64_t decoder_steps = 0;
  int64_t cache_bytes_written = 0;
};

struct Transcription {
  std::string text;      // of all segments, as openai-whisper joins them
  std::string language;  // as given, or detected
  std::map<std::string, float> language_probabilities;  // where it was detected
  std::vector<Segment> segments;
  double duration = 0;            // seconds of audio
  double duration_after_vad = 0;  // seconds of it that were transcribed
  Profile profile;
};

}  // namespace sotto

#endif  // SOTTO_TRANSCRIPTION_H_
