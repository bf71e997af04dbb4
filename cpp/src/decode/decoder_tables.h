// What the host looks up for a decoder, as a graph on an NPU can't.

#ifndef SOTTO_SRC_DECODE_DECODER_TABLES_H_
#define SOTTO_SRC_DECODE_DECODER_TABLES_H_

#include <string>
#include <vector>

#include "bundle/npy.h"
#include "decode/embedding_table.h"

namespace sotto {

// What a position brings to an input of the graphs: a row of learned embeddings, or the cosines and
// sines of its angles (RoPE, arXiv:2104.09864).
struct PositionTable {
  std::string input;      // "hidden": added to the token's row; another one is the graphs' own
  const MappedNpy* rows;  // float32 [context, n], for an input of K rows of n
};

// All must outlive the decoder.
struct DecoderTables {
  const EmbeddingTable* tokens;  // [V, d]
  std::vector<PositionTable> positions;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_DECODER_TABLES_H_
