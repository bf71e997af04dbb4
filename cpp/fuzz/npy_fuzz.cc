// A table's file: whatever its header claims, its elements are in the file.

#include <cstdint>
#include <string>
#include <vector>

#include "bundle/npy.h"
#include "checked_message.h"
#include "decode/embedding_table.h"
#include "sotto/bundle_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = sotto::FileView::InMemory(
      "table.npy", std::string(reinterpret_cast<const char*>(data), size));
  const auto npy = sotto::MappedNpy::Open(file);
  if (!sotto::Accepted(npy)) return 0;
  const auto* begin = static_cast<const uint8_t*>(npy->data());
  const size_t bytes = npy->size() * sotto::NpyTypeSize(npy->dtype());
  if (bytes > 0 && (begin < file->data() || begin + bytes > file->data() + file->size())) {
    std::abort();
  }
  if (npy->shape().size() != 2 || npy->dtype() == sotto::NpyType::kInt8) return 0;
  const size_t rows = npy->shape()[0], width = npy->shape()[1];
  const auto table = sotto::EmbeddingTable::Open(file, nullptr, rows, width);
  if (!sotto::Accepted(table) || rows == 0 || width == 0) return 0;
  std::vector<float> row(width);
  if (!table->Row(static_cast<int>(rows) - 1, row.data()).ok()) std::abort();
  return 0;
}
