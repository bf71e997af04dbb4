#include "bundle/npu_files.h"

#include <algorithm>
#include <utility>

namespace sotto {
namespace {

constexpr char kRebuild[] = "Compile it again: sotto npu compile.";

bool IsVersion(const std::string& text) {
  const auto of_version = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return text.empty() || (text.front() != '.' && std::all_of(text.begin(), text.end(), of_version));
}

std::string OneOf(ManifestReader* reader, const Json& json, const char* key, const char* one,
                  const char* other) {
  std::string value = reader->String(json, key);
  if (value != one && value != other) {
    reader->Fail(std::string(key) + " of an NPU's files is \"" + value + "\", expected \"" + one +
                 "\" or \"" + other + "\"");
  }
  return value;
}

NpuFiles ReadOne(ManifestReader* reader, const std::string& soc, const Json& json) {
  NpuFiles npu;
  npu.soc = soc;
  npu.format = OneOf(reader, json, "format", "litert", "dla");
  npu.compiler = OneOf(reader, json, "compiler", "neuron", "sotto neuron_host");
  npu.sdk = reader->String(json, "sdk");
  if (!IsVersion(npu.sdk)) reader->Fail("sdk of " + soc + " is no version: \"" + npu.sdk + "\"");
  if (npu.format == "dla") return npu;  // not run here
  const Json& files = reader->At(json, "files");
  if (!files.is_object() || files.empty()) reader->Fail("files of " + soc + " is not a table");
  for (const auto& [source, file] : files.items()) {
    npu.files[source] = reader->Listed(reader->String(files, source.c_str()));
  }
  const Json& signatures = reader->At(json, "signatures");
  if (!signatures.is_array()) reader->Fail("signatures of " + soc + " is not a list");
  for (const Json& name : signatures) {
    if (!name.is_string() || !reader->HasGraph(name.get<std::string>())) {
      reader->Fail("signatures of " + soc + " holds one that the bundle has not");
      break;
    }
    npu.signatures.insert(name.get<std::string>());
  }
  return npu;
}

}  // namespace

std::map<std::string, NpuFiles> ReadNpuFiles(ManifestReader* reader) {
  std::map<std::string, NpuFiles> all;
  if (!reader->root().contains("npu")) return all;
  const Json& section = reader->At(reader->root(), "npu");
  if (!section.is_object()) reader->Fail("npu is not a table by SoC");
  for (const auto& [soc, json] : section.items()) {
    if (!json.is_object()) reader->Fail("npu of " + soc + " is not a table");
    all[soc] = ReadOne(reader, soc, json);
  }
  return all;
}

Result<NpuGraphs> NpuGraphs::Open(const BundleFiles& files, const NpuFiles& npu, bool verify) {
  NpuGraphs graphs(files.label(), npu.soc);
  for (const auto& [source, listed] : npu.files) {
    SOTTO_ASSIGN_OR_RETURN(const auto file, FindListed(files, listed, kRebuild));
    if (verify) SOTTO_RETURN_IF_ERROR(VerifyFile(*file, listed.sha256, kRebuild));
    graphs.files_[source] = file;
  }
  graphs.signatures_ = npu.signatures;
  return graphs;
}

bool NpuGraphs::Place(Signature* signature) const {
  const auto file = files_.find(signature->file->name());
  if (signatures_.count(signature->name) == 0 || file == files_.end()) return false;
  signature->file = file->second;
  signature->npu = true;
  return true;
}

Error NpuGraphs::Lacking(const std::string& lacks) const {
  return Error{ErrorCode::kBundle,
               label_ + " has no " + lacks + " compiled for " + soc_ + ". " + kRebuild};
}

}  // namespace sotto
