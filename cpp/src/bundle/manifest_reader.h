// A bundle's manifest.json, read field by field, and the files that it lists.
//
// A bundle is a list of components, at most one of a kind, each with its graphs and tables:
// python/sotto/bundle/bundle.schema.json. What reads a kind of component is beside what runs it
// (decode/decoder_component.h, vad/vad_bundle.h, ...); this reads what all of them have.

#ifndef SOTTO_SRC_BUNDLE_MANIFEST_READER_H_
#define SOTTO_SRC_BUNDLE_MANIFEST_READER_H_

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle_parts.h"
#include "sotto/error.h"

namespace sotto {

using Json = nlohmann::json;

// The first fault is kept, later reads give empty values: callers read everything and then ask
// once. Every error is kBundle and ends with `rebuild`.
class ManifestReader {
 public:
  // Reads the manifest among `files`, which must outlive the reader, and checks its schema.
  // `rebuild`: a sentence that says how such a bundle is made.
  static Result<ManifestReader> Open(const BundleFiles& files, const std::string& rebuild);

  const Json& root() const { return root_; }
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  void Fail(const std::string& fault);

  // Null if there is no such key: no value of a manifest is null.
  const Json& At(const Json& object, const char* key) const;
  int Integer(const Json& object, const char* key, int min = 0);
  double Number(const Json& object, const char* key, double min, double max);
  std::string String(const Json& object, const char* key);
  std::string Text(const Json& object, const char* key);  // a string that is not empty
  std::vector<int> Integers(const Json& object, const char* key, int largest);
  const Json& Object(const Json& object, const char* key);
  const Json& Objects(const Json& object, const char* key);  // a list of them, maybe empty
  // The name of a file inside of the bundle, which need not be there.
  std::string FileName(const Json& object, const char* key);

  // The file of that name, of the size that the manifest lists; null if there is none. A bundle may
  // hold more files, such as TorchScript, which are not looked at.
  std::shared_ptr<const FileView> File(const Json& object, const char* key);
  // The component of this kind; null if there is none.
  const Json& Component(const std::string& kind);

  // The graphs of a component, as objects for Graph; fails if it has none.
  const Json& Graphs(const Json& component);

  // A graph with its file. No two of a bundle have one name.
  Signature Graph(const Json& json);

  // Whether Graph read one of this name.
  bool HasGraph(const std::string& name) const { return graphs_.count(name) != 0; }

  // Fails if the signature's tensors are not these, in whatever order.
  void ExpectTensors(const Signature& signature, const std::vector<TensorSpec>& inputs,
                     const std::vector<TensorSpec>& outputs);

  // A [rows, width] table of tokens.
  TokenTable Table(const Json& json);

  // What the manifest lists of a file.
  ListedFile Listed(const std::string& name);

  // That the sha256 of each file that was asked for is the manifest's.
  Result<void> VerifyFiles() const;

 private:
  ManifestReader(const BundleFiles& files, std::string rebuild, Json root)
      : files_(&files), rebuild_(std::move(rebuild)), root_(std::move(root)) {}

  std::vector<TensorSpec> ReadSpecs(const Json& entry, const char* side);

  const BundleFiles* files_;
  std::string rebuild_;
  Json root_;
  std::optional<Error> error_;
  std::set<std::string> graphs_;
  // By name: the file, and the sha256 that the manifest lists of it.
  std::map<std::string, std::pair<std::shared_ptr<const FileView>, std::string>> opened_;
};

// The size of dimension `axis` of the input or output of this name; 0 if it has no such.
int Extent(const std::vector<TensorSpec>& specs, const std::string& name, size_t axis);

// The file, which must be regular and of its size. kBundle if it is not, with `rebuild`, a sentence
// that says how it is made.
Result<std::shared_ptr<const FileView>> FindListed(const BundleFiles& files, const ListedFile& file,
                                                   const std::string& rebuild);

// That the file's sha256 is `sha256`.
Result<void> VerifyFile(const FileView& file, const std::string& sha256,
                        const std::string& rebuild);

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_MANIFEST_READER_H_
