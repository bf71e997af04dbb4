// The tensors that Whisper's graphs have: python/sotto/graphs/signatures.py.

#ifndef SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_
#define SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_

#include <string>
#include <vector>

#include "decode/decoder_tensors.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

// The keys and values of `frames` of audio, which the encoder gives and the decoder attends to:
// cross_k_i [1, H, T, 64], cross_v_i [1, H, 64, T].
std::vector<TensorSpec> CrossShapesOf(const DecoderSpec& decoder, size_t frames);

// log_mel [1, n_mels, frames].
TensorSpec LogMelShapeOf(int n_mels, size_t frames);

// A step's: with the cross K/V, and logits.
BlockShapes StepShapesOf(const DecoderSpec& decoder, size_t frames);

// A prompt's, of `block` positions: with the cross K/V.
BlockShapes PrefillShapesOf(const DecoderSpec& decoder, size_t frames, int block);

// The alignment's: besides, logits and attention [1, A, K, T].
BlockShapes AlignmentShapesOf(const DecoderSpec& decoder, size_t frames, int block,
                              size_t alignment_heads);

// How the manifest's signatures of a window differ from that, one sentence a difference.
std::vector<std::string> WrongShapes(const WhisperBundle& bundle, const Window& window);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_
