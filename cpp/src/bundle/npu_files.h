// What step 3 compiled of a bundle: the manifest's section, and its files.

#ifndef SOTTO_SRC_BUNDLE_NPU_FILES_H_
#define SOTTO_SRC_BUNDLE_NPU_FILES_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "bundle/bundle_parts.h"
#include "bundle/manifest_reader.h"

namespace sotto {

// The section "npu", by SoC; a bundle need not have it. The graphs must have been read before.
// Fails the reader if it is malformed.
std::map<std::string, NpuFiles> ReadNpuFiles(ManifestReader* reader);

// The graphs of a bundle that were compiled for one SoC.
class NpuGraphs {
 public:
  // Opens the compiled files among `files`, and checks their size and, with `verify`, their sha256.
  // kBundle, with how they are compiled again, if one is missing or damaged.
  static Result<NpuGraphs> Open(const BundleFiles& files, const NpuFiles& npu, bool verify);

  // Makes a signature the NPU's, of the compiled file. False, and no change, if it was not
  // compiled.
  bool Place(Signature* signature) const;

  // The error of a bundle that lacks what the NPU needs: `lacks` says what, after its name.
  Error Lacking(const std::string& lacks) const;

 private:
  NpuGraphs(std::string label, std::string soc) : label_(std::move(label)), soc_(std::move(soc)) {}

  std::string label_;
  std::string soc_;
  std::map<std::string, std::shared_ptr<const FileView>> files_;  // by what they were compiled of
  std::set<std::string> signatures_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_NPU_FILES_H_
