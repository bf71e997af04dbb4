#include "embed/embedding_bundle.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "bundle/manifest_reader.h"
#include "embed/image_settings.h"
#include "sotto/log_mel.h"
#include "bundle/tensor_specs.h"

namespace sotto {
namespace {

constexpr char kRebuild[] = "Make it: sotto convert CHECKPOINT (sotto convert --help).";
constexpr double kLeastHalf = -65504;  // fp16's: what an NPU computes masks in
constexpr size_t kFramesPerSecond = kSampleRate / kHopLength;

bool ReadBool(ManifestReader* reader, const Json& object, const char* key) {
  const Json& value = reader->At(object, key);
  if (!value.is_boolean()) reader->Fail(std::string(key) + " is neither true nor false");
  return value.is_boolean() && value.get<bool>();
}

size_t ReadSize(ManifestReader* reader, const Json& object, const char* key) {
  return static_cast<size_t>(reader->Integer(object, key, 1));
}

std::vector<int32_t> Shape(const std::vector<size_t>& sizes) {
  return {sizes.begin(), sizes.end()};
}

// `encoder` is a plain pointer: the reference that is returned must not seem to come from a
// temporary string, which GCC 14 warns of.
const Json& ListOfSignatures(ManifestReader* reader, const Json& json, const char* encoder) {
  const Json& list = reader->At(json, "signatures");
  if (!list.is_array() || list.empty()) {
    reader->Fail(std::string("its ") + encoder + " encoder has no graphs");
  }
  return list;
}

void CheckTensors(ManifestReader* reader, const Signature& signature,
                  const std::vector<TensorSpec>& inputs, const std::vector<TensorSpec>& outputs) {
  std::vector<std::string> faults;
  CompareTensors(signature.name, inputs, signature.inputs, &faults);
  CompareTensors(signature.name, outputs, signature.outputs, &faults);
  for (const std::string& fault : faults) reader->Fail(fault);
}

std::vector<Bucket> ReadBuckets(ManifestReader* reader, const Json& json, const char* encoder,
                                bool has_length) {
  std::vector<Bucket> buckets;
  for (const Json& item : ListOfSignatures(reader, json, encoder)) {
    Bucket bucket;
    bucket.signature = reader->ReadSignature(reader->String(item, "signature"));
    bucket.batch = ReadSize(reader, item, "batch");
    if (has_length) bucket.length = ReadSize(reader, item, "length");
    buckets.push_back(std::move(bucket));
  }
  const auto key = [](const Bucket& bucket) { return std::tie(bucket.length, bucket.batch); };
  std::sort(buckets.begin(), buckets.end(),
            [&](const Bucket& a, const Bucket& b) { return key(a) < key(b); });
  const auto same = [&](const Bucket& a, const Bucket& b) { return key(a) == key(b); };
  if (std::adjacent_find(buckets.begin(), buckets.end(), same) != buckets.end()) {
    reader->Fail(std::string("its ") + encoder + " encoder has two graphs of one size");
  }
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

TokenTable ReadTable(ManifestReader* reader, const Json& json) {
  TokenTable table;
  table.file = reader->File(reader->String(json, "file"));
  table.dtype = reader->String(json, "dtype");
  if (json.is_object() && json.contains("scales")) {
    table.scales = reader->File(reader->String(json, "scales"));
  }
  return table;
}

// The graphs' width is known from the first one's hidden [B, n, width].
size_t WidthOf(const std::vector<Bucket>& buckets) {
  if (buckets.empty()) return 0;
  for (const TensorSpec& spec : buckets.front().signature.inputs) {
    if (spec.name == "hidden" && spec.shape.size() == 3) return static_cast<size_t>(spec.shape[2]);
  }
  return 0;
}

TextEncoderSpec ReadText(ManifestReader* reader, const Json& json, size_t dimensions) {
  TextEncoderSpec text;
  text.buckets = ReadBuckets(reader, json, "text", /*has_length=*/true);
  text.token_embedding = ReadTable(reader, reader->At(json, "token_embedding"));
  text.position_embedding =
      reader->File(reader->String(reader->At(json, "position_embedding"), "file"));
  reader->File(reader->String(json, "tokenizer"));  // Python's to read
  text.max_length = ReadSize(reader, json, "max_length");
  text.pooling = ReadPooling(reader, json);
  text.mask_padding = ReadBool(reader, json, "mask_padding");
  if (!reader->At(json, "masked").is_null()) {
    text.masked = static_cast<float>(reader->Number(json, "masked", kLeastHalf, -1));
  }
  if (!reader->At(json, "eot_token").is_null()) text.eot_token = reader->Integer(json, "eot_token");
  text.width = WidthOf(text.buckets);
  for (const Bucket& bucket : text.buckets) {
    const size_t b = bucket.batch, n = bucket.length;
    CheckTensors(reader, bucket.signature,
                 {{"hidden", Shape({b, n, text.width})},
                  {"mask", Shape({b, 1, 1, n})},
                  {"pool", Shape({b, 1, n})}},
                 {{"embedding", Shape({b, dimensions})}});
  }
  if (!text.buckets.empty() && text.buckets.back().length < text.max_length) {
    reader->Fail("max_length is " + std::to_string(text.max_length) +
                 ", and its longest graph of text takes " +
                 std::to_string(text.buckets.back().length) + " tokens");
  }
  return text;
}

ImageEncoderSpec ReadImage(ManifestReader* reader, const Json& json, size_t dimensions) {
  ImageEncoderSpec image;
  image.processor = ReadImageSettings(reader, reader->At(json, "processor"));
  image.height = image.processor.output.height;
  image.width = image.processor.output.width;
  image.buckets = ReadBuckets(reader, json, "image", /*has_length=*/false);
  for (const Bucket& bucket : image.buckets) {
    CheckTensors(reader, bucket.signature,
                 {{"pixels", Shape({bucket.batch, image.channels, image.height, image.width})}},
                 {{"embedding", Shape({bucket.batch, dimensions})}});
  }
  return image;
}

AudioEncoderSpec ReadAudio(ManifestReader* reader, const Json& json, size_t dimensions) {
  AudioEncoderSpec audio;
  audio.n_mels = ReadSize(reader, json, "n_mels");
  audio.mel_filters = reader->File(reader->String(json, "mel_filters"));
  for (const Json& item : ListOfSignatures(reader, json, "audio")) {
    AudioEncoderSpec::Window window;
    window.signature = reader->ReadSignature(reader->String(item, "signature"));
    window.seconds = ReadSize(reader, item, "seconds");
    window.frames = ReadSize(reader, item, "frames");
    if (reader->Integer(item, "batch", 1) != 1) reader->Fail("an audio graph's batch is not 1");
    if (window.frames != window.seconds * kFramesPerSecond) {
      reader->Fail("a window of " + std::to_string(window.seconds) + " s has " +
                   std::to_string(window.frames) + " frames, expected " +
                   std::to_string(kFramesPerSecond) + " a second");
    }
    CheckTensors(reader, window.signature,
                 {{"log_mel", Shape({1, audio.n_mels, window.frames})},
                  {"pool", Shape({1, 1, window.frames / 2})}},
                 {{"embedding", Shape({1, dimensions})}});
    audio.windows.push_back(std::move(window));
  }
  using Window = AudioEncoderSpec::Window;
  std::sort(audio.windows.begin(), audio.windows.end(),
            [](const Window& a, const Window& b) { return a.frames < b.frames; });
  const auto same = [](const Window& a, const Window& b) { return a.frames == b.frames; };
  if (std::adjacent_find(audio.windows.begin(), audio.windows.end(), same) != audio.windows.end()) {
    reader->Fail("its audio encoder has two graphs of one size");
  }
  return audio;
}

}  // namespace

Result<EmbeddingBundle> EmbeddingBundle::Open(const std::string& directory, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader,
                         ManifestReader::Open(directory, "embedding", kRebuild));
  if (reader.failed()) return reader.error();  // of another kind: nothing else will fit
  EmbeddingBundle bundle;
  bundle.directory = directory;
  const Json& root = reader.root();
  bundle.name = reader.String(root, "name");
  bundle.family = reader.String(root, "family");
  bundle.precision = reader.String(root, "precision");
  bundle.dimensions = ReadSize(&reader, root, "dimensions");
  bundle.normalize = ReadBool(&reader, root, "normalize");
  const Json& encoders = reader.At(root, "encoders");
  if (!encoders.is_object() || encoders.empty()) reader.Fail("it lists no encoders");
  for (const auto& [modality, json] : encoders.items()) {
    if (modality == "text") {
      bundle.text = ReadText(&reader, json, bundle.dimensions);
    } else if (modality == "image") {
      bundle.image = ReadImage(&reader, json, bundle.dimensions);
    } else if (modality == "audio") {
      bundle.audio = ReadAudio(&reader, json, bundle.dimensions);
    } else {
      reader.Fail("it has an encoder of " + modality + ", expected text, image or audio");
    }
  }
  if (reader.failed()) return reader.error();
  SOTTO_RETURN_IF_ERROR(reader.CheckFiles(verify));
  return bundle;
}

}  // namespace sotto
