#include "whisper/whisper_tables.h"

#include <utility>

namespace sotto {

Result<WhisperTables> WhisperTables::Open(const WhisperBundle& bundle) {
  const auto n_vocab = static_cast<size_t>(bundle.decoder.vocabulary);
  const auto context = static_cast<size_t>(bundle.decoder.context);
  const auto width = static_cast<size_t>(bundle.decoder.width);
  SOTTO_ASSIGN_OR_RETURN(EmbeddingTable tokens,
                         EmbeddingTable::Open(bundle.token_embedding, n_vocab, width));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy positions, MappedNpy::Open(bundle.positional_embedding));
  SOTTO_RETURN_IF_ERROR(positions.Expect(NpyType::kFloat32, {context, width}));
  return WhisperTables{std::move(tokens), std::move(positions)};
}

}  // namespace sotto
