// The manifest's section of what step 3 compiled.

#ifndef SOTTO_SRC_BUNDLE_NPU_FILES_H_
#define SOTTO_SRC_BUNDLE_NPU_FILES_H_

#include <map>
#include <string>

#include "bundle/manifest_reader.h"
#include "sotto/bundle.h"

namespace sotto {

// The section "npu", by SoC; a bundle need not have it. The graphs must have been read before.
// Fails the reader if it is malformed.
std::map<std::string, NpuFiles> ReadNpuFiles(ManifestReader* reader);

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_NPU_FILES_H_
