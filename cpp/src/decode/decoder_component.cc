#include "decode/decoder_component.h"

#include <string>
#include <utility>

namespace sotto {
namespace {

constexpr int kMaxLayers = 1024;
constexpr double kMinHalf = -65504;  // fp16's: what an NPU computes masks in

DecoderSpec ReadSpec(ManifestReader* reader, const Json& json) {
  DecoderSpec spec;
  spec.layers = reader->Integer(json, "layers", 1);
  spec.heads = reader->Integer(json, "heads", 1);
  spec.kv_heads = reader->Integer(json, "kv_heads", 1);
  spec.width = reader->Integer(json, "width", 1);
  spec.context = reader->Integer(json, "context", 1);
  spec.cache = reader->Integer(json, "cache", 1);
  spec.vocabulary = reader->Integer(json, "vocabulary", 1);
  spec.masked = static_cast<float>(reader->Number(json, "masked", kMinHalf, -1));
  if (spec.layers > kMaxLayers) reader->Fail("layers of the decoder is above 1024");
  if (spec.width % spec.heads != 0)
    reader->Fail("width of the decoder is no multiple of its heads");
  if (spec.heads % spec.kv_heads != 0) {
    reader->Fail("heads of the decoder is no multiple of its kv_heads");
  }
  if (spec.cache > spec.context) reader->Fail("cache of the decoder is above its context");
  return spec;
}

DecoderRole ReadRole(ManifestReader* reader, const Json& graph) {
  const std::string role = reader->String(graph, "role");
  if (role == "step") return DecoderRole::kStep;
  if (role == "prefill") return DecoderRole::kPrefill;
  if (role == "alignment") return DecoderRole::kAlignment;
  reader->Fail("a decoder's graph has the role \"" + role +
               "\", expected step, prefill or alignment");
  return DecoderRole::kStep;
}

}  // namespace

DecoderComponent DecoderComponent::Read(ManifestReader* reader) {
  DecoderComponent decoder;
  const Json& json = reader->Component("decoder");
  if (json.is_null()) {
    reader->Fail("it has no component of kind decoder");
    return decoder;
  }
  decoder.spec = ReadSpec(reader, reader->Object(json, "spec"));
  for (const Json& graph : reader->Graphs(json)) {
    decoder.graphs.push_back({ReadRole(reader, graph), reader->Graph(graph)});
  }
  decoder.token_embedding = reader->Table(reader->Object(json, "token_embedding"));
  decoder.position_embedding = reader->File(json, "position_embedding");
  decoder.tokenizer = reader->File(json, "tokenizer");
  return decoder;
}

}  // namespace sotto
