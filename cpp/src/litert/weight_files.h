// Files of packed weights in a directory, kept from one run to the next.
//
// LiteRT never gets a path here. XNNPACK packs into memory, and the file is copied from there by
// code that takes every failure of a disk as "not kept". A file's name ends with a hash of its
// content, which is computed from the memory that was copied and checked whenever the file is
// opened: what a full disk, a power cut or anybody else did to it is found before it is used.

#ifndef SOTTO_SRC_LITERT_WEIGHT_FILES_H_
#define SOTTO_SRC_LITERT_WEIGHT_FILES_H_

#include <string>

#include "platform/file_descriptor.h"

namespace sotto {

// For any number of threads and processes on the same directory.
class WeightFiles {
 public:
  // `directory` is made when it is first needed; empty: nothing is kept. `library` is the path of
  // LiteRT: files are told apart by it and by what the CPU can do, as both decide about kernels.
  WeightFiles(const std::string& directory, const std::string& library);

  // The file for the .tflite with this sha256, open for reading and with the content that was once
  // written; none if there is none. A damaged one is removed, and so is what killed processes left.
  FileDescriptor Find(const std::string& sha256) const;

  // Writes a copy of `packed` and gives it as Find would. None if it can't be written for whatever
  // reason: then nothing is left behind. When a file was written, those that nobody used for two
  // weeks go.
  FileDescriptor Write(const std::string& sha256, const FileDescriptor& packed) const;

 private:
  // How the names of its files begin; empty if nothing is kept of it.
  std::string Prefix(const std::string& sha256) const;

  std::string directory_;
  std::string kernels_;  // part of a file's name
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_WEIGHT_FILES_H_
