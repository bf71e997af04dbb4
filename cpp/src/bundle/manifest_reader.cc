#include "bundle/manifest_reader.h"

#include <algorithm>
#include <future>
#include <sstream>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "bundle/archive.h"
#include "bundle/tensor_specs.h"

namespace sotto {
namespace {

constexpr char kManifest[] = "manifest.json";
constexpr int kLargest = 1 << 24;  // of any integer in a manifest: keeps products in range

constexpr uint64_t kLargestFile = uint64_t{1} << 53;
constexpr int kDeepest = 32;  // of values in values: what reads or prints them may recurse
constexpr size_t kDigestSize = 64;

std::string Short(const Json& value) {
  if (value.is_null()) return "missing";
  return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60);
}

// The value of a manifest's text. kBundle, beginning with `label`, if it is no JSON object, holds
// null, or is deeper than any manifest.
Result<Json> Parse(std::string_view text, const std::string& label, const std::string& rebuild) {
  std::string key, fault;
  const auto check = [&](int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::key) key = value.get<std::string>();
    if (!fault.empty()) return true;
    if (depth > kDeepest) fault = "it is too deep below " + Printable(key);
    if (event == Json::parse_event_t::value && value.is_null()) fault = Printable(key) + " is null";
    return true;
  };
  Json root = Json::parse(text, check, /*allow_exceptions=*/false);
  if (!root.is_object()) {
    return Error{ErrorCode::kBundle, label + " is not valid JSON: it is damaged. " + rebuild};
  }
  if (!fault.empty()) return Error{ErrorCode::kBundle, label + ": " + fault + ". " + rebuild};
  return root;
}

// Whether a name is one of a file in a bundle on every system.
bool IsFileName(const std::string& name) {
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' || c == ':';
  };
  return name != kManifest && StaysInside(name) && std::none_of(name.begin(), name.end(), odd);
}

bool IsDigest(const std::string& text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigestSize && std::all_of(text.begin(), text.end(), digit);
}

}  // namespace

Result<ManifestReader> ManifestReader::Open(const BundleFiles& files, const std::string& rebuild) {
  const auto file = files.Find(kManifest);
  if (!file.ok()) {
    return Error{ErrorCode::kBundle,
                 file.error().message + ": it is not a bundle, or the path is wrong. " + rebuild};
  }
  SOTTO_ASSIGN_OR_RETURN(Json root, Parse((*file)->text(), (*file)->label(), rebuild));
  ManifestReader reader(files, rebuild, std::move(root));
  const Json& schema = reader.At(reader.root(), "schema");
  if (!schema.is_number_integer() || schema != kSchema) {
    const std::string fault = "its schema is " +
                              (schema.is_null() ? "missing" : schema.dump().substr(0, 20)) +
                              ", this version of Sotto reads schema " + std::to_string(kSchema);
    if (schema.is_number_integer() && schema == kSchema - 1) {
      return Error{ErrorCode::kBundle, (*file)->label() + ": " + fault +
                                           ". Run: sotto bundle upgrade " + files.label()};
    }
    reader.Fail(fault);
    return reader.error();
  }
  for (const char* key : {"name", "family", "precision"}) reader.Text(reader.root(), key);
  const Json& components = reader.Objects(reader.root(), "components");
  if (components.empty()) reader.Fail("components is an empty list");
  std::set<std::string> kinds;
  for (const Json& component : components) {
    const std::string kind = reader.Text(component, "kind");
    if (!kinds.insert(kind).second) reader.Fail("it has two components of kind " + kind);
  }
  if (reader.failed()) return reader.error();
  return reader;
}

void ManifestReader::Fail(const std::string& fault) {
  if (failed()) return;
  error_ =
      Error{ErrorCode::kBundle, files_->label() + "/" + kManifest + ": " + fault + ". " + rebuild_};
}

const Json& ManifestReader::At(const Json& object, const char* key) const {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

int ManifestReader::Integer(const Json& object, const char* key, int min) {
  const Json& value = At(object, key);
  if (!value.is_number_integer() || value < min || value > kLargest) {
    Fail(std::string(key) + " is " + Short(value) + ", expected an integer from " +
         std::to_string(min) + " to " + std::to_string(kLargest));
    return min;
  }
  return value.get<int>();
}

double ManifestReader::Number(const Json& object, const char* key, double min, double max) {
  const Json& value = At(object, key);
  if (!value.is_number() || value < min || value > max) {
    std::ostringstream range;
    range << min << " to " << max;
    Fail(std::string(key) + " is not a number from " + range.str());
    return min;
  }
  return value.get<double>();
}

std::string ManifestReader::String(const Json& object, const char* key) {
  const Json& value = At(object, key);
  if (!value.is_string()) {
    Fail(std::string(key) + " is " + Short(value) + ", expected a string");
    return "";
  }
  return value.get<std::string>();
}

std::string ManifestReader::Text(const Json& object, const char* key) {
  std::string text = String(object, key);
  if (text.empty()) Fail(std::string(key) + " is \"\", expected a text that is not empty");
  return text;
}

std::vector<int> ManifestReader::Integers(const Json& object, const char* key, int largest) {
  const Json& values = At(object, key);
  std::vector<int> integers;
  if (!values.is_array()) Fail(std::string(key) + " is " + Short(values) + ", expected a list");
  for (const Json& value : values) {
    if (!value.is_number_integer() || value < 0 || value > largest) {
      Fail(std::string(key) + " holds " + Short(value) + ", expected integers from 0 to " +
           std::to_string(largest));
      break;
    }
    integers.push_back(value.get<int>());
  }
  return integers;
}

const Json& ManifestReader::Object(const Json& object, const char* key) {
  const Json& value = At(object, key);
  if (!value.is_object()) Fail(std::string(key) + " is " + Short(value) + ", expected an object");
  return value;
}

const Json& ManifestReader::Objects(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const Json& values = At(object, key);
  if (!values.is_array()) {
    Fail(std::string(key) + " is " + Short(values) + ", expected a list");
    return kNone;
  }
  for (const Json& value : values) {
    if (value.is_object()) continue;
    Fail(std::string(key) + " holds " + Short(value) + ", expected objects");
    return kNone;
  }
  return values;
}

std::string ManifestReader::FileName(const Json& object, const char* key) {
  std::string name = String(object, key);
  if (!IsFileName(name)) {
    Fail(std::string(key) + " is " + Short(Json(name)) +
         ", expected the name of a file inside the bundle");
  }
  return name;
}

std::shared_ptr<const FileView> ManifestReader::File(const Json& object, const char* key) {
  const std::string name = FileName(object, key);
  const ListedFile listed = Listed(name);
  if (failed()) return nullptr;
  const auto file = FindListed(*files_, listed, rebuild_);
  if (!file.ok()) {
    error_ = file.error();
    return nullptr;
  }
  opened_[name] = {*file, listed.sha256};
  return *file;
}

const Json& ManifestReader::Component(const std::string& kind) {
  static const Json kNull;
  for (const Json& component : At(root_, "components")) {
    if (At(component, "kind") == kind) return component;
  }
  return kNull;
}

const Json& ManifestReader::Graphs(const Json& component) {
  static const Json kNone = Json::array();
  const Json& graphs = Objects(component, "graphs");
  if (!graphs.empty()) return graphs;
  Fail("its " + String(component, "kind") +
       " has no graphs (step 1 alone makes none that run: run step 2)");
  return kNone;
}

Signature ManifestReader::Graph(const Json& json) {
  Signature signature;
  signature.name = Text(json, "name");
  if (!graphs_.insert(signature.name).second) Fail("two graphs have the name " + signature.name);
  signature.file = File(json, "file");
  signature.inputs = ReadSpecs(json, "inputs");
  signature.outputs = ReadSpecs(json, "outputs");
  return signature;
}

void ManifestReader::ExpectTensors(const Signature& signature,
                                   const std::vector<TensorSpec>& inputs,
                                   const std::vector<TensorSpec>& outputs) {
  std::vector<std::string> faults;
  CompareTensors(signature.name, inputs, signature.inputs, &faults);
  CompareTensors(signature.name, outputs, signature.outputs, &faults);
  if (!faults.empty()) Fail(faults.front());
}

TokenTable ManifestReader::Table(const Json& json) {
  TokenTable table;
  table.file = File(json, "file");
  table.dtype = String(json, "dtype");
  if (table.dtype != "fp32" && table.dtype != "fp16" && table.dtype != "int8") {
    Fail("dtype is " + Short(Json(table.dtype)) + ", expected one of fp32, fp16, int8");
  }
  if (!At(json, "scales").is_null()) table.scales = File(json, "scales");
  if ((table.dtype == "int8") != (table.scales != nullptr)) {
    Fail("dtype is " + table.dtype + ", and scales are of int8 alone, and needed there");
  }
  const Json& offset = At(json, "offset");
  if (offset.is_number_unsigned()) {
    table.offset = offset.get<size_t>();
  } else if (!offset.is_null()) {
    Fail("the offset of " + String(json, "file") + " is not a number of bytes");
  }
  return table;
}

std::vector<TensorSpec> ManifestReader::ReadSpecs(const Json& entry, const char* side) {
  std::vector<TensorSpec> specs;
  for (const Json& item : Objects(entry, side)) {
    TensorSpec spec;
    spec.name = Text(item, "name");
    for (int dimension : Integers(item, "shape", kLargest)) {
      if (dimension == 0) Fail("shape of " + spec.name + " holds 0, expected sizes from 1 on");
      spec.shape.push_back(dimension);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

ListedFile ManifestReader::Listed(const std::string& name) {
  const Json& entry = At(Object(root_, "files"), name.c_str());
  if (!entry.is_object()) {
    Fail("files does not list " + name + " with its size and sha256");
    return {};
  }
  const Json& size = At(entry, "size");
  if (!size.is_number_unsigned() || size > kLargestFile) {
    Fail("size of " + name + " is " + Short(size) + ", expected a number of bytes");
  }
  const std::string sha256 = String(entry, "sha256");
  if (!IsDigest(sha256)) Fail("sha256 of " + name + " is not of 64 hexadecimal digits");
  if (failed()) return {};
  return {name, size.get<int64_t>(), sha256};
}

// Each by a thread of its own: hashing the large ones is most of what opening a bundle takes.
Result<void> ManifestReader::VerifyFiles() const {
  std::vector<std::future<Result<void>>> checks;
  for (const auto& [name, opened] : opened_) {
    checks.push_back(std::async(
        [this, &opened = opened] { return VerifyFile(*opened.first, opened.second, rebuild_); }));
  }
  for (std::future<Result<void>>& check : checks) SOTTO_RETURN_IF_ERROR(check.get());
  return {};
}

int Extent(const std::vector<TensorSpec>& specs, const std::string& name, size_t axis) {
  for (const TensorSpec& spec : specs) {
    if (spec.name == name && axis < spec.shape.size()) return spec.shape[axis];
  }
  return 0;
}

Result<std::shared_ptr<const FileView>> FindListed(const BundleFiles& files, const ListedFile& file,
                                                   const std::string& rebuild) {
  auto found = files.Find(file.name);
  if (!found.ok()) {
    return Error{ErrorCode::kBundle,
                 found.error().message + ", which its manifest lists. " + rebuild};
  }
  if ((*found)->size() != static_cast<uint64_t>(file.size)) {
    return Error{ErrorCode::kBundle, (*found)->label() + " has " +
                                         std::to_string((*found)->size()) +
                                         " bytes, its manifest says " + std::to_string(file.size) +
                                         ": it is incomplete or another file. " + rebuild};
  }
  return found;
}

Result<void> VerifyFile(const FileView& file, const std::string& sha256,
                        const std::string& rebuild) {
  if (file.sha256() == sha256) return {};
  return Error{ErrorCode::kBundle,
               file.label() + " is damaged: its sha256 differs from its manifest's. " + rebuild};
}

}  // namespace sotto
