// A bundle's manifest.json, read field by field, and the files that it lists.

#ifndef SOTTO_SRC_BUNDLE_MANIFEST_READER_H_
#define SOTTO_SRC_BUNDLE_MANIFEST_READER_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

using Json = nlohmann::json;

// The first fault is kept, later reads give empty values: callers read everything and then ask
// once. Every error is kBundle and ends with `rebuild`.
class ManifestReader {
 public:
  // Reads the manifest in `directory` and checks its schema and `kind`. `rebuild`: a sentence that
  // says how such a bundle is made.
  static Result<ManifestReader> Open(const std::string& directory, const std::string& kind,
                                     const std::string& rebuild);

  const Json& root() const { return root_; }
  bool failed() const { return !fault_.empty(); }
  Error error() const;
  void Fail(const std::string& fault);

  // Null if there is no such key.
  const Json& At(const Json& object, const char* key) const;
  int Integer(const Json& object, const char* key, int least = 0);
  double Number(const Json& object, const char* key, double least, double most);
  std::string String(const Json& object, const char* key);
  std::vector<int> Integers(const Json& object, const char* key, int largest);

  // The full path of a file of the bundle, which CheckFiles then looks at.
  std::string File(const std::string& name);
  // A signature with its file.
  Signature ReadSignature(const std::string& name);

  // What the manifest lists of a file, which CheckFiles does not look at.
  ListedFile Listed(const std::string& name);

  // Checks the files asked for; a bundle may hold more, such as TorchScript. Size, and with
  // `verify` sha256, must be the manifest's.
  Result<void> CheckFiles(bool verify);

 private:
  ManifestReader(std::string directory, std::string rebuild, Json root)
      : directory_(std::move(directory)), rebuild_(std::move(rebuild)), root_(std::move(root)) {}

  std::vector<TensorSpec> ReadSpecs(const Json& entry, const char* side);

  std::string directory_;
  std::string rebuild_;
  Json root_;
  std::string fault_;
  std::set<std::string> needed_;
};

// That the file is there, regular and of its size and, with `verify`, sha256. kBundle if not, with
// `rebuild`, a sentence that says how it is made.
Result<void> CheckListedFile(const std::string& directory, const ListedFile& file, bool verify,
                             const std::string& rebuild);

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_MANIFEST_READER_H_
