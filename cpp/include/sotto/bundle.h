// A bundle that transcribes: the components speech-encoder and decoder, and how Whisper uses them.
// Everything the runtime knows of a model (ids, dims, shapes) comes from here.

#ifndef SOTTO_BUNDLE_H_
#define SOTTO_BUNDLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/error.h"

namespace sotto {

inline constexpr int kSchema = 3;  // of manifest.json: python/sotto/bundle/bundle.schema.json

// Widths, heads and layers, with the names of openai-whisper's ModelDimensions.
struct Dims {
  int n_mels = 0;
  int n_audio_ctx = 0;
  int n_audio_state = 0;
  int n_audio_head = 0;
  int n_audio_layer = 0;
  int n_vocab = 0;
  int n_text_ctx = 0;
  int n_text_state = 0;
  int n_text_head = 0;
  int n_text_layer = 0;
};

// Token ids by role.
struct Vocabulary {
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

// One float32 tensor of a signature.
struct TensorSpec {
  std::string name;
  std::vector<int32_t> shape;

  size_t elements() const;
};

// "[1, 80, 3000]"
std::string ShapeText(const std::vector<int32_t>& shape);

// A graph of a .tflite file.
struct Signature {
  std::string name;
  std::shared_ptr<const FileView> file;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool npu = false;  // whether the file was compiled for an NPU, and runs on it alone
};

// A file of the bundle, as its manifest has it.
struct ListedFile {
  std::string name;  // relative to the bundle
  int64_t size = 0;
  std::string sha256;
};

// What step 3 compiled for one SoC's NPU.
struct NpuFiles {
  std::string soc;       // "mt6991"
  std::string format;    // "litert", or "dla": for NeuroPilot's own runtime
  std::string compiler;  // "neuron": MediaTek's; "sotto neuron_host": graphs that a laptop runs
  std::string sdk;       // Neuron's version that compiled, "8.2.24"; empty if it did not say
  std::map<std::string, ListedFile> files;  // by the file that it was compiled from; none of dla
  std::set<std::string> signatures;         // those that were compiled
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

// Where the token embedding's rows are: in a .npy file, or inside decoder.tflite, whose output
// layer has the same weights.
struct TokenTable {
  std::shared_ptr<const FileView> file;
  std::optional<size_t> offset;            // bytes, of a table inside another file
  std::string dtype;                       // of such a table: "fp32", "fp16", "int8"
  std::shared_ptr<const FileView> scales;  // .npy, one a row; null unless the table is int8
};

struct Bundle {
  // Reads and checks the manifest's schema and every field, each file's size and, with `verify`,
  // its sha256; the shapes of all signatures against the dims. kBundle names the file, what is
  // wrong and how to rebuild.
  static Result<Bundle> Open(const BundleFiles& files, bool verify = true);

  bool multilingual() const { return !vocabulary.languages.empty(); }

  std::string directory;  // its name in messages
  std::string name;       // "base"
  std::string precision;  // "fp32", "int8"
  Dims dims;
  Vocabulary vocabulary;
  int cache = 0;                                     // positions of the self-attention cache
  float masked = 0;                                  // additive mask where attention is not allowed
  std::vector<std::pair<int, int>> alignment_heads;  // (layer, head), as alignment graphs give them
  std::vector<Window> windows;                       // by ascending length, at least one
  TokenTable token_embedding;
  std::shared_ptr<const FileView> positional_embedding;
  std::shared_ptr<const FileView> mel_filters;
  std::shared_ptr<const FileView> tokenizer;
  std::map<std::string, NpuFiles> npu;  // by SoC; their files are not opened by Open
};

}  // namespace sotto

#endif  // SOTTO_BUNDLE_H_
