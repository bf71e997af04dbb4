#include "vad/vad_bundle.h"

#include <vector>

#include "bundle/manifest_reader.h"
#include "bundle/tensor_specs.h"
#include "sotto/speech_spans.h"

namespace sotto {
namespace {

constexpr char kRebuild[] =
    "Make it: python convert/step1_pt_to_torchscript.py --model silero-vad, then "
    "python convert/step2_torchscript_to_tflite.py models/silero-vad.";

}  // namespace

Result<VadBundle> VadBundle::Open(const BundleFiles& files, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(files, "vad", kRebuild));
  VadBundle bundle;
  const Json& chunk = reader.At(reader.root(), "chunk");
  const int samples = reader.Integer(chunk, "samples", 1);
  bundle.context = reader.Integer(chunk, "context");
  bundle.reflected = reader.Integer(chunk, "reflected");
  bundle.state = reader.Integer(reader.root(), "state", 1);
  bundle.detector = reader.ReadSignature(reader.String(reader.root(), "detector"));
  if (samples != kVadChunk) {
    reader.Fail("a chunk has " + std::to_string(samples) + " samples, expected " +
                std::to_string(kVadChunk));
  }
  if (bundle.reflected >= bundle.context + samples) {
    reader.Fail("more samples are reflected than there are");
  }
  if (reader.failed()) return reader.error();

  const std::vector<int32_t> state = {1, bundle.state};
  const std::vector<TensorSpec> inputs = {
      {"samples", {1, bundle.context + samples + bundle.reflected}}, {"h", state}, {"c", state}};
  const std::vector<TensorSpec> outputs = {
      {"probability", {1, 1}}, {"new_h", state}, {"new_c", state}};
  std::vector<std::string> faults;
  CompareTensors(bundle.detector.name, inputs, bundle.detector.inputs, &faults);
  CompareTensors(bundle.detector.name, outputs, bundle.detector.outputs, &faults);
  for (const std::string& fault : faults) reader.Fail(fault);
  if (reader.failed()) return reader.error();
  if (verify) SOTTO_RETURN_IF_ERROR(reader.VerifyFiles());
  return bundle;
}

}  // namespace sotto
