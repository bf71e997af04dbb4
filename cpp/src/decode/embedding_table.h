// Token embedding rows, straight from the mapped table to the decoder's input buffer.

#ifndef SOTTO_SRC_DECODE_EMBEDDING_TABLE_H_
#define SOTTO_SRC_DECODE_EMBEDDING_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "bundle/bundle_parts.h"
#include "bundle/npy.h"
#include "sotto/error.h"

namespace sotto {

// IEEE 754 half to single precision, exact for every value; n values. NaNs keep their payload,
// but may become quiet.
void HalfToFloat(const uint16_t* half, size_t n, float* out);

// A [n_vocab, width] table; immutable, for any number of threads.
class EmbeddingTable {
 public:
  // file: a float32, float16 or int8 .npy of shape [n_vocab, width].
  // scales: float32 [n_vocab], one factor a row: required for int8, null for floats.
  // kBundle if a file has another shape or type.
  static Result<EmbeddingTable> Open(const std::shared_ptr<const FileView>& file,
                                     const std::shared_ptr<const FileView>& scales, size_t n_vocab,
                                     size_t width);

  // A .npy file of any number of rows, which must be of the type that `table` says.
  static Result<EmbeddingTable> Open(const TokenTable& table, size_t width);

  // A bundle's, wherever it says that it is.
  static Result<EmbeddingTable> Open(const TokenTable& table, size_t n_vocab, size_t width);

  size_t n_vocab() const { return n_vocab_; }
  size_t width() const { return width_; }

  // Writes the row of `token` to out [width]. kModel if token is outside 0..n_vocab-1: then
  // out is untouched.
  Result<void> Row(int token, float* out) const;

 private:
  static Result<EmbeddingTable> Make(MappedNpy table,
                                     const std::shared_ptr<const FileView>& scales_file,
                                     size_t n_vocab, size_t width);
  EmbeddingTable(MappedNpy table, std::optional<MappedNpy> scales, size_t n_vocab, size_t width);

  MappedNpy table_;                  // [n_vocab, width]
  std::optional<MappedNpy> scales_;  // [n_vocab], for int8
  size_t n_vocab_;
  size_t width_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_EMBEDDING_TABLE_H_
