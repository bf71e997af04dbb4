#include "sotto/bundle_files.h"

#include <algorithm>
#include <utility>

#include "bundle/archive.h"
#include "bundle/file_bytes.h"
#include "bundle/sha256.h"

namespace sotto {
namespace {

constexpr size_t kHashedAtOnce = size_t{1} << 20;

class DirectoryFiles : public BundleFiles {
 public:
  DirectoryFiles(std::string path, Folder folder)
      : BundleFiles(std::move(path)), folder_(std::move(folder)) {}

 private:
  Result<std::shared_ptr<const FileView>> Load(const std::string& name) const override {
    if (!folder_.Has(name)) return Lacks(name);
    const std::string path = label() + "/" + name;
    SOTTO_ASSIGN_OR_RETURN(FileBytes bytes, folder_.Map(name, path));
    return std::make_shared<const FileView>(name, path, std::move(bytes));
  }

  const Folder folder_;
};

class DescriptorFiles : public BundleFiles {
 public:
  DescriptorFiles(std::string label, std::map<std::string, FileRange> files)
      : BundleFiles(std::move(label)), files_(std::move(files)) {}

 private:
  Result<std::shared_ptr<const FileView>> Load(const std::string& name) const override {
    const auto file = files_.find(name);
    if (file == files_.end()) return Lacks(name);
    const std::string path = label() + "/" + name;
    SOTTO_ASSIGN_OR_RETURN(FileBytes bytes, MapRange(file->second, path));
    return std::make_shared<const FileView>(name, path, std::move(bytes));
  }

  const std::map<std::string, FileRange> files_;
};

class MemoryFiles : public BundleFiles {
 public:
  MemoryFiles(std::string label, const std::map<std::string, std::string>& files)
      : BundleFiles(std::move(label)) {
    for (const auto& [name, bytes] : files) {
      files_[name] = std::make_shared<const FileView>(name, this->label() + "/" + name,
                                                      CopyBytes(bytes.data(), bytes.size()));
    }
  }

 private:
  Result<std::shared_ptr<const FileView>> Load(const std::string& name) const override {
    const auto file = files_.find(name);
    if (file == files_.end()) return Lacks(name);
    return file->second;
  }

  std::map<std::string, std::shared_ptr<const FileView>> files_;
};

class ArchiveFiles : public BundleFiles {
 public:
  ArchiveFiles(std::shared_ptr<const FileView> archive, std::map<std::string, ArchiveEntry> entries)
      : BundleFiles(archive->label()), archive_(std::move(archive)), entries_(std::move(entries)) {}

 private:
  Result<std::shared_ptr<const FileView>> Load(const std::string& name) const override {
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return Lacks(name);
    return archive_->Part(name, label() + "/" + name, entry->second.begin, entry->second.size);
  }

  const std::shared_ptr<const FileView> archive_;
  const std::map<std::string, ArchiveEntry> entries_;
};

}  // namespace

FileView::FileView(std::string name, std::string label, FileBytes bytes)
    : name_(std::move(name)),
      label_(std::move(label)),
      bytes_(std::make_unique<const FileBytes>(std::move(bytes))) {}

FileView::~FileView() = default;

Result<std::shared_ptr<const FileView>> FileView::Open(const std::string& path) {
  SOTTO_ASSIGN_OR_RETURN(FileBytes bytes, MapFile(path, path));
  return std::make_shared<const FileView>(path, path, std::move(bytes));
}

Result<std::shared_ptr<const FileView>> FileView::Open(const std::string& name,
                                                       const FileRange& range) {
  SOTTO_ASSIGN_OR_RETURN(FileBytes bytes, MapRange(range, name));
  return std::make_shared<const FileView>(name, name, std::move(bytes));
}

std::shared_ptr<const FileView> FileView::InMemory(const std::string& name, std::string bytes) {
  return std::make_shared<const FileView>(name, name, CopyBytes(bytes.data(), bytes.size()));
}

const uint8_t* FileView::data() const { return bytes_->data; }

size_t FileView::size() const { return bytes_->size; }

std::string_view FileView::text() const { return {reinterpret_cast<const char*>(data()), size()}; }

const std::string& FileView::sha256() const {
  std::call_once(hashed_, [this] {
    Sha256 hash;
    for (size_t begin = 0; begin < size(); begin += kHashedAtOnce) {
      const size_t count = std::min(kHashedAtOnce, size() - begin);
      hash.Update(data() + begin, count);
      Release(*bytes_, begin, count);
    }
    sha256_ = hash.HexDigest();
  });
  return sha256_;
}

std::shared_ptr<const FileView> FileView::Part(std::string name, std::string label, size_t begin,
                                               size_t size) const {
  FileBytes part{data() + begin, size, bytes_->owner, bytes_->mapped};
  if (size == 0 || begin % kAlignment != 0) part = CopyBytes(part.data, size);
  return std::make_shared<const FileView>(std::move(name), std::move(label), std::move(part));
}

Result<std::shared_ptr<const BundleFiles>> BundleFiles::Open(const std::string& path) {
  if (IsFile(path)) {
    SOTTO_ASSIGN_OR_RETURN(const auto archive, FileView::Open(path));
    return FromArchive(archive);
  }
  SOTTO_ASSIGN_OR_RETURN(Folder folder, Folder::Open(path));
  return std::shared_ptr<const BundleFiles>(
      std::make_shared<const DirectoryFiles>(path, std::move(folder)));
}

Result<std::shared_ptr<const BundleFiles>> BundleFiles::FromArchive(
    const std::shared_ptr<const FileView>& archive) {
  SOTTO_ASSIGN_OR_RETURN(auto entries,
                         ReadArchive(archive->data(), archive->size(), archive->label()));
  return std::shared_ptr<const BundleFiles>(
      std::make_shared<const ArchiveFiles>(archive, std::move(entries)));
}

std::shared_ptr<const BundleFiles> BundleFiles::FromDescriptors(
    const std::string& label, std::map<std::string, FileRange> files) {
  return std::make_shared<const DescriptorFiles>(label, std::move(files));
}

std::shared_ptr<const BundleFiles> BundleFiles::FromMemory(
    const std::string& label, std::map<std::string, std::string> files) {
  return std::make_shared<const MemoryFiles>(label, files);
}

Result<std::shared_ptr<const FileView>> BundleFiles::Find(const std::string& name) const {
  if (!StaysInside(name)) {
    return Error{ErrorCode::kBundle, label_ + ": the name \"" + name + "\" is not a file's"};
  }
  const std::lock_guard<std::mutex> turn(mutex_);
  std::shared_ptr<const FileView>& file = opened_[name];
  if (file == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(file, Load(name));
  }
  return file;
}

Error BundleFiles::Lacks(const std::string& name) const {
  return Error{ErrorCode::kBundle, label_ + " lacks " + name};
}

}  // namespace sotto
