// What a Whisper's decoder looks up: token and position embeddings.

#ifndef SOTTO_SRC_WHISPER_WHISPER_TABLES_H_
#define SOTTO_SRC_WHISPER_WHISPER_TABLES_H_

#include "bundle/npy.h"
#include "decode/decoder_tables.h"
#include "decode/embedding_table.h"
#include "sotto/error.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// Immutable, for any number of threads.
struct WhisperTables {
  // kBundle if a file has another shape or type than the decoder needs.
  static Result<WhisperTables> Open(const WhisperBundle& bundle);

  // Points to this, which must stay where it is.
  DecoderTables ForDecoder() const { return {&tokens, {{"hidden", &positions}}}; }

  EmbeddingTable tokens;  // [V, d]
  MappedNpy positions;    // float32 [context, d]
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_TABLES_H_
