#include "whisper/speech_encoder.h"

namespace sotto {

SpeechEncoder SpeechEncoder::Read(ManifestReader* reader) {
  SpeechEncoder encoder;
  const Json& json = reader->Component("speech-encoder");
  if (json.is_null()) {
    reader->Fail("it has no component of kind speech-encoder");
    return encoder;
  }
  const Json& spec = reader->Object(json, "spec");
  encoder.layers = reader->Integer(spec, "layers", 1);
  encoder.heads = reader->Integer(spec, "heads", 1);
  encoder.width = reader->Integer(spec, "width", 1);
  encoder.context = reader->Integer(spec, "context", 1);
  for (const Json& graph : reader->Graphs(json)) encoder.graphs.push_back(reader->Graph(graph));
  encoder.mel_filters = reader->File(json, "mel_filters");
  return encoder;
}

}  // namespace sotto
