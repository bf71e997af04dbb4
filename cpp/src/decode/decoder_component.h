// A bundle's component of kind decoder, whatever model it is of.

#ifndef SOTTO_SRC_DECODE_DECODER_COMPONENT_H_
#define SOTTO_SRC_DECODE_DECODER_COMPONENT_H_

#include <memory>
#include <vector>

#include "bundle/bundle_parts.h"
#include "bundle/manifest_reader.h"
#include "decode/decoder_spec.h"

namespace sotto {

// What a decoder's graph is for.
enum class DecoderRole {
  kStep,       // one position, with its logits
  kPrefill,    // a block of known positions, without logits
  kAlignment,  // a block of known positions, with logits and attention scores
};

struct DecoderGraph {
  DecoderRole role = DecoderRole::kStep;
  Signature signature;
};

struct DecoderComponent {
  // Fails the reader if there is none or it is malformed.
  static DecoderComponent Read(ManifestReader* reader);

  DecoderSpec spec;
  std::vector<DecoderGraph> graphs;
  TokenTable token_embedding;                          // [vocabulary, width]
  std::shared_ptr<const FileView> position_embedding;  // .npy, float32 [context, width]
  std::shared_ptr<const FileView> tokenizer;
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_DECODER_COMPONENT_H_
