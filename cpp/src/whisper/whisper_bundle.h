// A bundle that transcribes: the components speech-encoder and decoder, and how Whisper uses them.
// Everything the runtime knows of a Whisper (ids, dims, shapes) comes from here.

#ifndef SOTTO_SRC_WHISPER_WHISPER_BUNDLE_H_
#define SOTTO_SRC_WHISPER_WHISPER_BUNDLE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle_parts.h"
#include "decode/decoder_spec.h"
#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/recognizer.h"

namespace sotto {

// Token ids by role.
struct WhisperVocabulary {
  int eot = 0;  // the first id that is not text
  int sot = 0;
  int transcribe = 0;
  int translate = 0;
  int sot_lm = 0;
  int sot_prev = 0;  // before the text of the window before
  int no_speech = 0;
  int no_timestamps = 0;
  int timestamp_begin = 0;
  std::map<std::string, int> languages;  // code -> id; empty for English-only models
  std::vector<int> suppress;             // never sampled
  std::vector<int> suppress_at_begin;    // not sampled first
};

// An audio length that has graphs of its own.
struct Window {
  int seconds = 0;
  size_t frames = 0;  // log-mel frames: 100 a second
  Signature encoder;
  Signature decoder;
  std::optional<Signature> prefill;    // what a prompt is run by; a bundle may lack it
  std::optional<Signature> alignment;  // what word timestamps need; a bundle may lack it
};

struct WhisperBundle {
  // Reads and checks the manifest's schema and every field, each file's size and, with `verify`,
  // its sha256; the shapes of all signatures against the specs. kBundle names the file, what is
  // wrong and how to rebuild.
  static Result<WhisperBundle> Open(const BundleFiles& files, bool verify = true);

  bool multilingual() const { return !vocabulary.languages.empty(); }

  std::string directory;  // its name in messages
  std::string name;       // "base"
  std::string precision;  // "fp32", "int8"
  int n_mels = 0;
  int audio_context = 0;  // positions of the longest audio, 50 a second
  DecoderSpec decoder;
  WhisperVocabulary vocabulary;
  std::vector<std::pair<int, int>> alignment_heads;  // (layer, head), as alignment graphs give them
  std::vector<Window> windows;                       // by ascending length, at least one
  TokenTable token_embedding;
  std::shared_ptr<const FileView> positional_embedding;
  std::shared_ptr<const FileView> mel_filters;
  std::shared_ptr<const FileView> tokenizer;
  std::map<std::string, NpuFiles> npu;  // by SoC; their files are not opened by Open
};

// What it is like as a recogniser, on the CPU.
RecognizerInfo InfoOf(const WhisperBundle& bundle);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_BUNDLE_H_
