// A bundle in one file: a zip archive whose entries are stored, so that they are read in place.
//
// Format: APPNOTE.TXT 6.3.10 of PKWARE, with zip64 where sizes need it.

#ifndef SOTTO_SRC_BUNDLE_ARCHIVE_H_
#define SOTTO_SRC_BUNDLE_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "sotto/error.h"

namespace sotto {

// Where an entry's bytes are in the archive.
struct ArchiveEntry {
  size_t begin = 0;
  size_t size = 0;
};

// The entries by name. data: [size], nothing about it is taken for granted. kBundle, beginning with
// `label`, if it is no zip archive of one part, is cut short, or if an entry is compressed or
// encrypted, has a name twice or one that leads out of the bundle, or shares bytes with another
// entry. The entries' checksums are not looked at: the manifest has better ones.
Result<std::map<std::string, ArchiveEntry>> ReadArchive(const uint8_t* data, size_t size,
                                                        const std::string& label);

// Whether a name is one of a file in a bundle: plain parts, no "..", no root, no empty part.
bool StaysInside(const std::string& name);

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_ARCHIVE_H_
