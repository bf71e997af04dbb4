// A bundle in one file: its entries are inside it, apart from each other, and stay inside by name.

#include <cstdint>
#include <string>

#include "bundle/archive.h"
#include "checked_message.h"
#include "sotto/bundle_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entries = sotto::ReadArchive(data, size, "bundle.sotto");
  if (!sotto::Accepted(entries)) return 0;
  const auto file = sotto::FileView::InMemory(
      "bundle.sotto", std::string(reinterpret_cast<const char*>(data), size));
  const auto files = sotto::BundleFiles::FromArchive(file);
  if (!sotto::Accepted(files)) std::abort();
  for (const auto& [name, entry] : *entries) {
    if (entry.begin > size || entry.size > size - entry.begin) std::abort();
    if (!sotto::StaysInside(name)) std::abort();
    const auto found = (*files)->Find(name);
    if (!sotto::Accepted(found) || (*found)->size() != entry.size) std::abort();
    if ((*found)->sha256().size() != 64) std::abort();
  }
  return 0;
}
