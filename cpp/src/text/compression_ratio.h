// How repetitive a text is (whisper/utils.py, compression_ratio).

#ifndef SOTTO_SRC_TEXT_COMPRESSION_RATIO_H_
#define SOTTO_SRC_TEXT_COMPRESSION_RATIO_H_

#include <string>

namespace sotto {

// Bytes of `text` over its bytes in zlib's format at the default level; 0 for no text.
float CompressionRatio(const std::string& text);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_COMPRESSION_RATIO_H_
