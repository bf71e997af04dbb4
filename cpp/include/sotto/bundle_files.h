// A bundle's files as bytes, and the places that they come from.
//
// A file is opened once, when the bundle is loaded, and mapped. Its hash is computed over the
// mapping, and LiteRT, the tables and the tokenizer read the same mapping: what was verified is
// what runs, wherever the working directory is and whatever is put in the file's place later.

#ifndef SOTTO_BUNDLE_FILES_H_
#define SOTTO_BUNDLE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "sotto/error.h"

namespace sotto {

struct FileBytes;

// Bytes of an open file, such as an Android asset. The descriptor stays the caller's, who may close
// it once the bundle is loaded.
struct FileRange {
  int descriptor = -1;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// Read-only bytes of one file; immutable, for any number of threads.
//
// The mapping shares the system's page cache, so that it costs no memory which the system can't
// take back. A file that is changed in place changes the mapping, and one that is cut short ends
// the process (SIGBUS), as with any mapping: replace bundle files by renaming, never in place.
class FileView {
 public:
  // data() is a multiple of it, as FlatBuffers and the tables need it.
  static constexpr size_t kAlignment = 16;

  // Maps a regular file, whose path is also its name. kBundle, naming the path, if it can't be
  // mapped; a pipe is refused and not waited for.
  static Result<std::shared_ptr<const FileView>> Open(const std::string& path);

  // The same of a part of an open file. What is not aligned in it is copied.
  static Result<std::shared_ptr<const FileView>> Open(const std::string& name,
                                                      const FileRange& range);

  // Bytes that are at hand, under a name for messages.
  static std::shared_ptr<const FileView> InMemory(const std::string& name, std::string bytes);

  // name, label: as the accessors give them.
  FileView(std::string name, std::string label, FileBytes bytes);
  ~FileView();
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;

  const std::string& name() const { return name_; }    // in the bundle: "encoder.tflite"
  const std::string& label() const { return label_; }  // in messages: "models/tiny/encoder.tflite"
  const uint8_t* data() const;                         // never null
  size_t size() const;                                 // bytes
  std::string_view text() const;                       // the same bytes

  // Of these bytes, 64 lower-case hexadecimal digits: computed when it is first asked for, about
  // half a second for a gigabyte.
  const std::string& sha256() const;

  // A part of the file, under a name of its own. The caller has checked that begin + size is in
  // the file. Bytes that are not aligned are copied.
  std::shared_ptr<const FileView> Part(std::string name, std::string label, size_t begin,
                                       size_t size) const;

 private:
  const std::string name_;
  const std::string label_;
  const std::unique_ptr<const FileBytes> bytes_;
  mutable std::once_flag hashed_;
  mutable std::string sha256_;
};

// Where the files of one bundle come from. For any number of threads.
class BundleFiles {
 public:
  // A directory, or an archive of one. kBundle if it is neither. Replacing it while it is read
  // makes no difference: the one that was opened is read on.
  static Result<std::shared_ptr<const BundleFiles>> Open(const std::string& path);

  // The files in an archive, wherever that is. kBundle if it is none, or not one that can be read
  // where it is (docs/bundle.md): its entries must be stored, apart from each other and have names
  // that stay inside.
  static Result<std::shared_ptr<const BundleFiles>> FromArchive(
      const std::shared_ptr<const FileView>& archive);

  // Files by name, in open descriptors. `label` is the bundle's name in messages.
  static std::shared_ptr<const BundleFiles> FromDescriptors(const std::string& label,
                                                            std::map<std::string, FileRange> files);

  // Files by name, at hand.
  static std::shared_ptr<const BundleFiles> FromMemory(const std::string& label,
                                                       std::map<std::string, std::string> files);

  virtual ~BundleFiles() = default;
  BundleFiles(const BundleFiles&) = delete;
  BundleFiles& operator=(const BundleFiles&) = delete;

  const std::string& label() const { return label_; }  // in messages: "models/tiny"

  // The file of this name, such as "npu/mt6991/encoder.tflite": opened when it is first asked for,
  // and the same view from then on. kBundle if there is none, it is no regular file, or the name
  // leads out of the bundle. A link is followed, as model hubs keep files behind links.
  Result<std::shared_ptr<const FileView>> Find(const std::string& name) const;

 protected:
  explicit BundleFiles(std::string label) : label_(std::move(label)) {}

  // What Find gives of a name that stays inside, for the first time.
  virtual Result<std::shared_ptr<const FileView>> Load(const std::string& name) const = 0;

  Error Lacks(const std::string& name) const;

 private:
  const std::string label_;
  mutable std::mutex mutex_;  // over what follows
  mutable std::map<std::string, std::shared_ptr<const FileView>> opened_;
};

}  // namespace sotto

#endif  // SOTTO_BUNDLE_FILES_H_
