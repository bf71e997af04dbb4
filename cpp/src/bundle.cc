#include "sotto/bundle.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "sha256.h"
#include "sotto/log_mel.h"
#include "whisper_shapes.h"

namespace sotto {
namespace {

using Json = nlohmann::json;

constexpr char kManifest[] = "manifest.json";
constexpr char kRebuild[] =
    " Rebuild the bundle: python convert/step1_pt_to_torchscript.py --model NAME, then "
    "python convert/step2_torchscript_to_tflite.py.";
constexpr int kFramesPerSecond = static_cast<int>(kSampleRate / kHopLength);
constexpr double kLeastHalf = -65504;  // fp16's: what an NPU computes masks in
constexpr int kLargest = 1 << 24;      // of any integer in a manifest: keeps products in range

// Reads one manifest. The first fault is kept, later reads give empty values: callers read
// everything and then ask once.
class ManifestReader {
 public:
  ManifestReader(std::string path, Json root) : path_(std::move(path)), root_(std::move(root)) {}

  const Json& root() const { return root_; }
  bool failed() const { return !fault_.empty(); }
  Error error() const { return Error{ErrorCode::kBundle, path_ + ": " + fault_ + "." + kRebuild}; }

  void Fail(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }

  const Json& At(const Json& object, const char* key) {
    static const Json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
  }

  int Integer(const Json& object, const char* key, int least = 0) {
    const Json& value = At(object, key);
    if (!value.is_number_integer() || value < least || value > kLargest) {
      Fail(std::string(key) + " is " + Short(value) + ", expected an integer from " +
           std::to_string(least) + " to " + std::to_string(kLargest));
      return least;
    }
    return value.get<int>();
  }

  std::string String(const Json& object, const char* key) {
    const Json& value = At(object, key);
    if (!value.is_string()) {
      Fail(std::string(key) + " is " + Short(value) + ", expected a string");
      return "";
    }
    return value.get<std::string>();
  }

  std::vector<int> Integers(const Json& object, const char* key, int largest) {
    const Json& values = At(object, key);
    std::vector<int> integers;
    if (!values.is_array()) Fail(std::string(key) + " is " + Short(values) + ", expected a list");
    for (const Json& value : values) {
      if (!value.is_number_integer() || value < 0 || value > largest) {
        Fail(std::string(key) + " holds " + Short(value) + ", expected integers from 0 to " +
             std::to_string(largest));
        break;
      }
      integers.push_back(value.get<int>());
    }
    return integers;
  }

 private:
  static std::string Short(const Json& value) {
    if (value.is_null()) return "missing";
    return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60);
  }

  std::string path_;
  Json root_;
  std::string fault_;
};

Result<Json> ReadJson(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::kBundle, path +
                                         " can't be read: the directory is not a bundle, or the "
                                         "path is wrong." +
                                         kRebuild};
  }
  // Not parsed off the file itself: its iterators throw where reading fails.
  std::ostringstream text;
  text << file.rdbuf();
  Json root = Json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return Error{ErrorCode::kBundle, path + " is not valid JSON: it is damaged." + kRebuild};
  }
  return root;
}

// A name in a manifest must stay inside the bundle.
bool StaysInside(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos;
}

Result<void> CheckFile(const std::string& directory, const std::string& name, int64_t size,
                       const std::string& sha256, bool verify) {
  const std::string path = directory + "/" + name;
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    return Error{ErrorCode::kBundle,
                 directory + " lacks " + name + ", which its manifest lists." + kRebuild};
  }
  // A pipe would be waited for.
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kBundle, path + " is not a regular file." + kRebuild};
  }
  if (status.st_size != size) {
    return Error{ErrorCode::kBundle, path + " has " + std::to_string(status.st_size) +
                                         " bytes, its manifest says " + std::to_string(size) +
                                         ": it is incomplete or another file." + kRebuild};
  }
  if (!verify) return {};
  SOTTO_ASSIGN_OR_RETURN(const std::string actual, Sha256OfFile(path));
  if (actual != sha256) {
    return Error{ErrorCode::kBundle,
                 path + " is damaged: its sha256 differs from its manifest's." + kRebuild};
  }
  return {};
}

// Checks the listed files that `needed` names; a bundle may hold more, such as TorchScript.
Result<void> CheckFiles(ManifestReader* reader, const std::string& directory,
                        const std::set<std::string>& needed, bool verify) {
  const Json& files = reader->At(reader->root(), "files");
  for (const std::string& name : needed) {
    const Json& entry = reader->At(files, name.c_str());
    const Json& size = reader->At(entry, "size");
    const std::string sha256 = reader->String(entry, "sha256");
    if (!StaysInside(name) || !size.is_number_unsigned() || reader->failed()) {
      reader->Fail("files does not list " + name + " with its size and sha256");
      return reader->error();
    }
    SOTTO_RETURN_IF_ERROR(CheckFile(directory, name, size.get<int64_t>(), sha256, verify));
  }
  return {};
}

Dims ReadDims(ManifestReader* reader) {
  const Json& json = reader->At(reader->root(), "dims");
  Dims dims;
  dims.n_mels = reader->Integer(json, "n_mels", 1);
  dims.n_audio_ctx = reader->Integer(json, "n_audio_ctx", 1);
  dims.n_audio_state = reader->Integer(json, "n_audio_state", 1);
  dims.n_audio_head = reader->Integer(json, "n_audio_head", 1);
  dims.n_audio_layer = reader->Integer(json, "n_audio_layer", 1);
  dims.n_vocab = reader->Integer(json, "n_vocab", 1);
  dims.n_text_ctx = reader->Integer(json, "n_text_ctx", 1);
  dims.n_text_state = reader->Integer(json, "n_text_state", 1);
  dims.n_text_head = reader->Integer(json, "n_text_head", 1);
  dims.n_text_layer = reader->Integer(json, "n_text_layer", 1);
  if (dims.n_text_state % dims.n_text_head != 0) {
    reader->Fail("n_text_state is not a multiple of n_text_head");
  }
  if (dims.n_text_layer > 1024) reader->Fail("n_text_layer is above 1024");
  return dims;
}

Vocabulary ReadVocabulary(ManifestReader* reader, const Dims& dims) {
  const Json& json = reader->At(reader->root(), "tokens");
  const auto id = [&](const Json& object, const char* key) {
    const int value = reader->Integer(object, key);
    if (value >= dims.n_vocab) reader->Fail(std::string(key) + " is outside the vocabulary");
    return value;
  };
  Vocabulary vocabulary;
  vocabulary.eot = id(json, "eot");
  vocabulary.sot = id(json, "sot");
  vocabulary.transcribe = id(json, "transcribe");
  vocabulary.translate = id(json, "translate");
  vocabulary.sot_lm = id(json, "sot_lm");
  vocabulary.sot_prev = id(json, "sot_prev");
  vocabulary.no_speech = id(json, "no_speech");
  vocabulary.no_timestamps = id(json, "no_timestamps");
  vocabulary.timestamp_begin = id(json, "timestamp_begin");
  const Json& languages = reader->At(json, "languages");
  if (!languages.is_object()) reader->Fail("languages is not a table of codes and ids");
  for (const auto& [code, value] : languages.items()) {
    vocabulary.languages[code] = id(languages, code.c_str());
  }
  vocabulary.suppress = reader->Integers(json, "suppress", dims.n_vocab - 1);
  vocabulary.suppress_at_begin = reader->Integers(json, "suppress_at_begin", dims.n_vocab - 1);
  return vocabulary;
}

std::vector<std::pair<int, int>> ReadAlignmentHeads(ManifestReader* reader, const Dims& dims) {
  std::vector<std::pair<int, int>> heads;
  const Json& list = reader->At(reader->root(), "alignment_heads");
  const auto below = [](const Json& value, int limit) {
    return value.is_number_integer() && value >= 0 && value < limit;
  };
  if (!list.is_null() && !list.is_array()) reader->Fail("alignment_heads is not a list");
  for (const Json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !below(pair[0], dims.n_text_layer) ||
        !below(pair[1], dims.n_text_head)) {
      reader->Fail("alignment_heads holds a pair that is no layer and head of the decoder");
      break;
    }
    heads.emplace_back(pair[0].get<int>(), pair[1].get<int>());
  }
  return heads;
}

std::vector<TensorSpec> ReadSpecs(ManifestReader* reader, const Json& entry, const char* side) {
  std::vector<TensorSpec> specs;
  const Json& list = reader->At(entry, side);
  if (!list.is_array()) reader->Fail(std::string(side) + " of a signature is not a list");
  for (const Json& item : list) {
    TensorSpec spec;
    spec.name = reader->String(item, "name");
    if (reader->String(item, "dtype") != "float32") reader->Fail(spec.name + " is not float32");
    for (int dimension : reader->Integers(item, "shape", kLargest)) spec.shape.push_back(dimension);
    specs.push_back(std::move(spec));
  }
  return specs;
}

Signature ReadSignature(ManifestReader* reader, const std::string& directory,
                        const std::string& name, std::set<std::string>* needed) {
  const Json& entry = reader->At(reader->At(reader->root(), "signatures"), name.c_str());
  if (!entry.is_object()) {
    reader->Fail("it has no signature " + name +
                 " (step 1 alone makes no graphs that run: run step 2)");
  }
  Signature signature;
  signature.name = name;
  const std::string file = reader->String(entry, "file");
  signature.file = directory + "/" + file;
  signature.inputs = ReadSpecs(reader, entry, "inputs");
  signature.outputs = ReadSpecs(reader, entry, "outputs");
  needed->insert(file);
  return signature;
}

std::vector<Window> ReadWindows(ManifestReader* reader, const std::string& directory,
                                int most_positions, std::set<std::string>* needed) {
  std::vector<Window> windows;
  const Json& list = reader->At(reader->root(), "windows");
  if (!list.is_array() || list.empty()) reader->Fail("it lists no windows");
  for (const Json& item : list) {
    Window window;
    window.seconds = reader->Integer(item, "seconds", 1);
    const int frames = reader->Integer(item, "frames", 2);
    window.frames = static_cast<size_t>(frames);
    if (frames != window.seconds * kFramesPerSecond || frames > 2 * most_positions) {
      reader->Fail("a window of " + std::to_string(window.seconds) + " s has " +
                   std::to_string(frames) + " frames, expected " +
                   std::to_string(kFramesPerSecond) + " a second and twice n_audio_ctx at most");
    }
    window.encoder = ReadSignature(reader, directory, reader->String(item, "encoder"), needed);
    window.decoder = ReadSignature(reader, directory, reader->String(item, "decoder"), needed);
    if (item.contains("alignment")) {
      window.alignment =
          ReadSignature(reader, directory, reader->String(item, "alignment"), needed);
    }
    windows.push_back(std::move(window));
  }
  std::sort(windows.begin(), windows.end(),
            [](const Window& a, const Window& b) { return a.frames < b.frames; });
  const auto same = [](const Window& a, const Window& b) { return a.seconds == b.seconds; };
  if (std::adjacent_find(windows.begin(), windows.end(), same) != windows.end()) {
    reader->Fail("it lists a window twice");
  }
  return windows;
}

}  // namespace

size_t TensorSpec::elements() const {
  size_t count = 1;
  for (int32_t dimension : shape) count *= static_cast<size_t>(dimension);
  return count;
}

std::string ShapeText(const std::vector<int32_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

Result<Bundle> Bundle::Open(const std::string& directory, bool verify) {
  const std::string path = directory + "/" + kManifest;
  SOTTO_ASSIGN_OR_RETURN(Json root, ReadJson(path));
  ManifestReader reader(path, std::move(root));
  const Json& schema = reader.At(reader.root(), "schema");
  if (!schema.is_number_integer() || schema != kSchema) {
    reader.Fail("its schema is " + (schema.is_null() ? "missing" : schema.dump().substr(0, 20)) +
                ", this version of Sotto reads schema " + std::to_string(kSchema));
    return reader.error();
  }
  if (reader.String(reader.root(), "kind") != "whisper") reader.Fail("its kind is not whisper");

  std::set<std::string> needed;
  const auto file = [&](const char* name) {
    needed.insert(name);
    return directory + "/" + name;
  };
  Bundle bundle;
  bundle.directory = directory;
  bundle.name = reader.String(reader.root(), "name");
  bundle.precision = reader.String(reader.root(), "precision");
  bundle.dims = ReadDims(&reader);
  bundle.vocabulary = ReadVocabulary(&reader, bundle.dims);
  bundle.cache = reader.Integer(reader.root(), "cache", 1);
  if (bundle.cache > bundle.dims.n_text_ctx) reader.Fail("cache is above n_text_ctx");
  const Json& masked = reader.At(reader.root(), "masked");
  if (!masked.is_number() || masked > -1.0 || masked < kLeastHalf) {
    reader.Fail("masked is not a number from -65504 to -1");
  } else {
    bundle.masked = masked.get<float>();
  }
  bundle.alignment_heads = ReadAlignmentHeads(&reader, bundle.dims);
  bundle.windows = ReadWindows(&reader, directory, bundle.dims.n_audio_ctx, &needed);
  const Json& embedding = reader.At(reader.root(), "token_embedding");
  bundle.token_embedding = file(reader.String(embedding, "file").c_str());
  if (embedding.contains("scales")) {
    bundle.token_embedding_scales = file(reader.String(embedding, "scales").c_str());
  }
  bundle.positional_embedding = file("positional_embedding.npy");
  bundle.mel_filters = file("mel_filters.npy");
  bundle.tokenizer = file("tokenizer.tiktoken");
  if (reader.failed()) return reader.error();

  for (const Window& window : bundle.windows) {
    for (const std::string& fault : WrongShapes(bundle, window)) reader.Fail(fault);
  }
  if (reader.failed()) return reader.error();
  SOTTO_RETURN_IF_ERROR(CheckFiles(&reader, directory, needed, verify));
  return bundle;
}

}  // namespace sotto
