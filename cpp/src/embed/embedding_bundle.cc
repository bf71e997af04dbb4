#include "embed/embedding_bundle.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "bundle/manifest_reader.h"
#include "embed/image_settings.h"
#include "sotto/log_mel.h"

namespace sotto {
namespace {

constexpr char kRebuild[] = "Make it again: sotto convert NAME.";
constexpr double kMinHalf = -65504;  // fp16's: what an NPU computes masks in
constexpr size_t kFramesPerSecond = kSampleRate / kHopLength;

bool ReadBool(ManifestReader* reader, const Json& object, const char* key) {
  const Json& value = reader->At(object, key);
  if (!value.is_boolean()) reader->Fail(std::string(key) + " is neither true nor false");
  return value.is_boolean() && value.get<bool>();
}

std::vector<int32_t> Shape(const std::vector<size_t>& sizes) {
  return {sizes.begin(), sizes.end()};
}

size_t InputExtent(const Signature& signature, const char* name, size_t axis) {
  return static_cast<size_t>(Extent(signature.inputs, name, axis));
}

// What a graph gives: vectors as wide as those of the bundle's first graph, which sets
// `dimensions`.
std::vector<TensorSpec> Vectors(const Signature& signature, size_t batch, size_t* dimensions) {
  if (*dimensions == 0) {
    *dimensions = static_cast<size_t>(Extent(signature.outputs, "embedding", 1));
  }
  return {{"embedding", Shape({batch, *dimensions})}};
}

// Sorts graphs by `key`, which is different for each of them.
template <typename Item, typename Key>
void SortBySize(ManifestReader* reader, const std::string& kind, const Key& key,
                std::vector<Item>* items) {
  std::sort(items->begin(), items->end(),
            [&](const Item& a, const Item& b) { return key(a) < key(b); });
  const auto same = [&](const Item& a, const Item& b) { return key(a) == key(b); };
  if (std::adjacent_find(items->begin(), items->end(), same) != items->end()) {
    reader->Fail("its " + kind + " has two graphs of one size");
  }
}

// `input`: whose first dimension is the batch; and the second the length, if there is one.
std::vector<Bucket> ReadBuckets(ManifestReader* reader, const Json& json, const std::string& kind,
                                const char* input, bool has_length) {
  std::vector<Bucket> buckets;
  for (const Json& graph : reader->Graphs(json)) {
    Bucket bucket;
    bucket.signature = reader->Graph(graph);
    bucket.batch = InputExtent(bucket.signature, input, 0);
    if (has_length) bucket.length = InputExtent(bucket.signature, input, 1);
    if (bucket.batch == 0 || bucket.length == 0) {
      reader->Fail(bucket.signature.name + " has no input " + input);
    }
    buckets.push_back(std::move(bucket));
  }
  SortBySize(
      reader, kind, [](const Bucket& bucket) { return std::tie(bucket.length, bucket.batch); },
      &buckets);
  return buckets;
}

Pooling ReadPooling(ManifestReader* reader, const Json& json) {
  static const std::map<std::string, Pooling> kPoolings = {{"mean", Pooling::kMean},
                                                           {"cls", Pooling::kCls},
                                                           {"eot", Pooling::kEot},
                                                           {"last", Pooling::kLast}};
  const std::string name = reader->String(json, "pooling");
  const auto found = kPoolings.find(name);
  if (found != kPoolings.end()) return found->second;
  reader->Fail("pooling is \"" + name + "\", expected mean, cls, eot or last");
  return Pooling::kMean;
}

void ReadPrompts(ManifestReader* reader, const Json& json, TextEncoderSpec* text) {
  const Json& prompts = reader->At(json, "prompts");
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (prompts.is_object() && std::all_of(prompts.begin(), prompts.end(), is_text)) {
    text->prompts = prompts.get<std::map<std::string, std::string>>();
  } else if (!prompts.is_null()) {
    reader->Fail("prompts is not a table of texts");
  }
  if (reader->At(json, "default_prompt").is_null()) return;
  text->default_prompt = reader->String(json, "default_prompt");
  if (text->prompts.count(*text->default_prompt) == 0) {
    reader->Fail("default_prompt is " + *text->default_prompt + ", which is not in prompts");
  }
}

TextEncoderSpec ReadText(ManifestReader* reader, const Json& json, size_t* dimensions) {
  TextEncoderSpec text;
  text.buckets = ReadBuckets(reader, json, "text-encoder", "hidden", /*has_length=*/true);
  text.token_embedding = reader->Table(reader->Object(json, "token_embedding"));
  text.position_embedding = reader->File(json, "position_embedding");
  text.tokenizer = reader->File(json, "tokenizer");
  ReadPrompts(reader, json, &text);
  const Json& padded = reader->At(json, "padded");
  if (!padded.is_null() && !padded.is_boolean()) reader->Fail("padded is neither true nor false");
  text.padded = padded.is_boolean() && padded.get<bool>();
  text.pad_token = reader->Integer(json, "pad_token");
  text.max_length = static_cast<size_t>(reader->Integer(json, "max_length", 1));
  text.pooling = ReadPooling(reader, json);
  text.mask_padding = !reader->At(json, "masked").is_null();
  if (text.mask_padding) {
    text.masked = static_cast<float>(reader->Number(json, "masked", kMinHalf, -1));
  }
  if (!reader->At(json, "eot_token").is_null()) text.eot_token = reader->Integer(json, "eot_token");
  if (reader->failed()) return text;
  text.width = InputExtent(text.buckets.front().signature, "hidden", 2);
  for (const Bucket& bucket : text.buckets) {
    const size_t b = bucket.batch, n = bucket.length;
    reader->ExpectTensors(bucket.signature,
                          {{"hidden", Shape({b, n, text.width})},
                           {"mask", Shape({b, 1, 1, n})},
                           {"pool", Shape({b, 1, n})}},
                          Vectors(bucket.signature, b, dimensions));
  }
  if (text.buckets.back().length < text.max_length) {
    reader->Fail("max_length is " + std::to_string(text.max_length) +
                 ", and its longest graph of text takes " +
                 std::to_string(text.buckets.back().length) + " tokens");
  }
  return text;
}

ImageEncoderSpec ReadImage(ManifestReader* reader, const Json& json, size_t* dimensions) {
  ImageEncoderSpec image;
  image.processor = ReadImageSettings(reader, reader->Object(json, "processor"));
  image.height = image.processor.output.height;
  image.width = image.processor.output.width;
  image.buckets = ReadBuckets(reader, json, "image-encoder", "pixels", /*has_length=*/false);
  for (const Bucket& bucket : image.buckets) {
    reader->ExpectTensors(
        bucket.signature,
        {{"pixels", Shape({bucket.batch, image.channels, image.height, image.width})}},
        Vectors(bucket.signature, bucket.batch, dimensions));
  }
  return image;
}

AudioEncoderSpec ReadAudio(ManifestReader* reader, const Json& json, size_t* dimensions) {
  AudioEncoderSpec audio;
  audio.mel_filters = reader->File(json, "mel_filters");
  for (const Json& graph : reader->Graphs(json)) {
    AudioEncoderSpec::Window window;
    window.signature = reader->Graph(graph);
    window.frames = InputExtent(window.signature, "log_mel", 2);
    window.seconds = window.frames / kFramesPerSecond;
    if (window.seconds == 0 || window.frames % kFramesPerSecond != 0) {
      reader->Fail(window.signature.name + " takes " + std::to_string(window.frames) +
                   " frames, expected " + std::to_string(kFramesPerSecond) + " a second");
    }
    audio.windows.push_back(std::move(window));
  }
  SortBySize(
      reader, "audio-encoder", [](const AudioEncoderSpec::Window& window) { return window.frames; },
      &audio.windows);
  if (reader->failed()) return audio;
  audio.n_mels = InputExtent(audio.windows.front().signature, "log_mel", 1);
  for (const AudioEncoderSpec::Window& window : audio.windows) {
    reader->ExpectTensors(window.signature,
                          {{"log_mel", Shape({1, audio.n_mels, window.frames})},
                           {"pool", Shape({1, 1, window.frames / 2})}},
                          Vectors(window.signature, 1, dimensions));
  }
  return audio;
}

}  // namespace

Result<EmbeddingBundle> EmbeddingBundle::Open(const BundleFiles& files, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(files, kRebuild));
  const Json& embedding = reader.At(reader.root(), "embedding");
  if (!embedding.is_object()) reader.Fail("it has no section embedding: it embeds nothing");
  if (reader.failed()) return reader.error();  // another model's: nothing else will fit
  EmbeddingBundle bundle;
  bundle.directory = files.label();
  const Json& root = reader.root();
  bundle.name = reader.String(root, "name");
  bundle.family = reader.String(root, "family");
  bundle.precision = reader.String(root, "precision");
  bundle.normalize = ReadBool(&reader, embedding, "normalize");
  const Json& text = reader.Component("text-encoder");
  const Json& image = reader.Component("image-encoder");
  const Json& audio = reader.Component("audio-encoder");
  if (text.is_null() && image.is_null() && audio.is_null()) {
    reader.Fail("it has no component of kind text-encoder, image-encoder or audio-encoder");
  }
  if (!text.is_null()) bundle.text = ReadText(&reader, text, &bundle.dimensions);
  if (!image.is_null()) bundle.image = ReadImage(&reader, image, &bundle.dimensions);
  if (!audio.is_null()) bundle.audio = ReadAudio(&reader, audio, &bundle.dimensions);
  bundle.npu = ReadNpuFiles(&reader);
  if (reader.failed()) return reader.error();
  if (verify) SOTTO_RETURN_IF_ERROR(reader.VerifyFiles());
  return bundle;
}

Result<EmbeddingBundle> OnNpu(EmbeddingBundle bundle, const NpuGraphs& npu) {
  const auto keep = [&](auto* sizes) {
    const auto absent = [&](auto& size) { return !npu.Place(&size.signature); };
    sizes->erase(std::remove_if(sizes->begin(), sizes->end(), absent), sizes->end());
    return !sizes->empty();
  };
  if (bundle.text) {
    std::vector<Bucket>& buckets = bundle.text->buckets;
    if (!keep(&buckets) || buckets.back().length < bundle.text->max_length) {
      return npu.Lacking("text-encoder of " + std::to_string(bundle.text->max_length) + " tokens");
    }
  }
  if (bundle.image && !keep(&bundle.image->buckets)) return npu.Lacking("image-encoder");
  if (bundle.audio && !keep(&bundle.audio->windows)) return npu.Lacking("audio-encoder");
  return bundle;
}

}  // namespace sotto
