// What every kind of bundle has: graphs, tables of tokens, and files that were compiled for NPUs.

#ifndef SOTTO_SRC_BUNDLE_BUNDLE_PARTS_H_
#define SOTTO_SRC_BUNDLE_BUNDLE_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sotto/bundle_files.h"

namespace sotto {

inline constexpr int kSchema = 3;  // of manifest.json: python/sotto/bundle/bundle.schema.json

// One float32 tensor of a signature.
struct TensorSpec {
  std::string name;
  std::vector<int32_t> shape;

  size_t elements() const;
};

// "[1, 80, 3000]"
std::string ShapeText(const std::vector<int32_t>& shape);

// A graph of a .tflite file.
struct Signature {
  std::string name;
  std::shared_ptr<const FileView> file;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  bool npu = false;  // whether the file was compiled for an NPU, and runs on it alone
};

// A file of the bundle, as its manifest has it.
struct ListedFile {
  std::string name;  // relative to the bundle
  int64_t size = 0;
  std::string sha256;
};

// What step 3 compiled for one SoC's NPU.
struct NpuFiles {
  std::string soc;       // "mt6991"
  std::string format;    // "litert", or "dla": for NeuroPilot's own runtime
  std::string compiler;  // "neuron": MediaTek's; "sotto neuron_host": graphs that a laptop runs
  std::string sdk;       // Neuron's version that compiled, "8.2.24"; empty if it did not say
  std::map<std::string, ListedFile> files;  // by the file that it was compiled from; none of dla
  std::set<std::string> signatures;         // those that were compiled
};

// Where the token embedding's rows are: in a .npy file, or inside a .tflite whose output layer has
// the same weights.
struct TokenTable {
  std::shared_ptr<const FileView> file;
  std::optional<size_t> offset;            // bytes, of a table inside another file
  std::string dtype;                       // of such a table: "fp32", "fp16", "int8"
  std::shared_ptr<const FileView> scales;  // .npy, one a row; null unless the table is int8
};

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_BUNDLE_PARTS_H_
