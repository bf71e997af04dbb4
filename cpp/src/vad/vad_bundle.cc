#include "vad/vad_bundle.h"

#include <vector>

#include "bundle/manifest_reader.h"
#include "bundle/npu_files.h"
#include "sotto/speech_spans.h"

namespace sotto {
namespace {

constexpr char kRebuild[] = "Make it again: sotto convert silero-vad.";

}  // namespace

Result<VadBundle> VadBundle::Open(const BundleFiles& files, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(files, kRebuild));
  const Json& json = reader.Component("vad");
  if (json.is_null()) reader.Fail("it has no component of kind vad: it finds no speech");
  if (reader.failed()) return reader.error();
  VadBundle bundle;
  bundle.context = reader.Integer(json, "context");
  bundle.reflected = reader.Integer(json, "reflected");
  if (bundle.reflected >= bundle.context + kVadChunk) {
    reader.Fail("more samples are reflected than there are");
  }
  const Json& graphs = reader.Graphs(json);
  if (graphs.size() != 1) reader.Fail("its vad has other than one graph");
  if (reader.failed()) return reader.error();
  bundle.detector = reader.Graph(graphs.front());
  bundle.state = Extent(bundle.detector.inputs, "h", 1);
  if (bundle.state < 1) reader.Fail("its vad's graph has no state h [1, width]");

  const std::vector<int32_t> state = {1, bundle.state};
  reader.ExpectTensors(
      bundle.detector,
      {{"samples", {1, bundle.context + kVadChunk + bundle.reflected}}, {"h", state}, {"c", state}},
      {{"probability", {1, 1}}, {"new_h", state}, {"new_c", state}});
  bundle.npu = ReadNpuFiles(&reader);
  if (reader.failed()) return reader.error();
  if (verify) SOTTO_RETURN_IF_ERROR(reader.VerifyFiles());
  return bundle;
}

}  // namespace sotto
