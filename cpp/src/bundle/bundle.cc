#include "sotto/bundle.h"

#include <algorithm>
#include <utility>

#include "bundle/manifest_reader.h"
#include "bundle/npu_files.h"
#include "sotto/log_mel.h"
#include "whisper/whisper_shapes.h"

namespace sotto {
namespace {

constexpr char kRebuild[] =
    "Rebuild the bundle: python convert/step1_pt_to_torchscript.py --model NAME, then "
    "python convert/step2_torchscript_to_tflite.py.";
constexpr int kFramesPerSecond = static_cast<int>(kSampleRate / kHopLength);
constexpr double kLeastHalf = -65504;  // fp16's: what an NPU computes masks in

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

TokenTable ReadTokenTable(ManifestReader* reader) {
  const Json& json = reader->At(reader->root(), "token_embedding");
  TokenTable table;
  table.file = reader->File(reader->String(json, "file"));
  table.dtype = reader->String(json, "dtype");
  if (json.is_object() && json.contains("scales")) {
    table.scales = reader->File(reader->String(json, "scales"));
  }
  const Json& offset = reader->At(json, "offset");
  if (offset.is_number_unsigned()) {
    table.offset = offset.get<size_t>();
  } else if (!offset.is_null()) {
    reader->Fail("the token embedding's offset is not a number of bytes");
  }
  return table;
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

std::vector<Window> ReadWindows(ManifestReader* reader, int most_positions) {
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
    window.encoder = reader->ReadSignature(reader->String(item, "encoder"));
    window.decoder = reader->ReadSignature(reader->String(item, "decoder"));
    if (item.contains("prefill")) {
      window.prefill = reader->ReadSignature(reader->String(item, "prefill"));
    }
    if (item.contains("alignment")) {
      window.alignment = reader->ReadSignature(reader->String(item, "alignment"));
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

Result<Bundle> Bundle::Open(const BundleFiles& files, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(files, "whisper", kRebuild));
  Bundle bundle;
  bundle.directory = files.label();
  bundle.name = reader.String(reader.root(), "name");
  bundle.precision = reader.String(reader.root(), "precision");
  bundle.dims = ReadDims(&reader);
  bundle.vocabulary = ReadVocabulary(&reader, bundle.dims);
  bundle.cache = reader.Integer(reader.root(), "cache", 1);
  if (bundle.cache > bundle.dims.n_text_ctx) reader.Fail("cache is above n_text_ctx");
  bundle.masked = static_cast<float>(reader.Number(reader.root(), "masked", kLeastHalf, -1));
  bundle.alignment_heads = ReadAlignmentHeads(&reader, bundle.dims);
  bundle.windows = ReadWindows(&reader, bundle.dims.n_audio_ctx);
  bundle.token_embedding = ReadTokenTable(&reader);
  bundle.positional_embedding = reader.File("positional_embedding.npy");
  bundle.mel_filters = reader.File("mel_filters.npy");
  bundle.tokenizer = reader.File("tokenizer.tiktoken");
  bundle.npu = ReadNpuFiles(&reader);
  if (reader.failed()) return reader.error();

  for (const Window& window : bundle.windows) {
    for (const std::string& fault : WrongShapes(bundle, window)) reader.Fail(fault);
  }
  if (reader.failed()) return reader.error();
  if (verify) SOTTO_RETURN_IF_ERROR(reader.VerifyFiles());
  return bundle;
}

}  // namespace sotto
