#include "text/compression_ratio.h"

#include <zlib.h>

#include <vector>

namespace sotto {

float CompressionRatio(const std::string& text) {
  if (text.empty()) return 0;
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::vector<Bytef> compressed(size);
  const int status = compress(compressed.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
                              static_cast<uLong>(text.size()));
  if (status != Z_OK) return 0;  // out of memory: compressBound rules out the rest
  return static_cast<float>(static_cast<double>(text.size()) / static_cast<double>(size));
}

}  // namespace sotto
