// The tensors that Whisper's graphs have for given dims: python/sotto/graphs/signatures.py.

#ifndef SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_
#define SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_

#include <string>
#include <vector>

#include "decode/decoder_tensors.h"
#include "sotto/bundle.h"

namespace sotto {

// What encoder and decoder of one window take and give.
struct WindowShapes {
  std::vector<TensorSpec> encoder_inputs;   // log_mel [1, n_mels, frames]
  std::vector<TensorSpec> encoder_outputs;  // cross_k_i [1, H, T, 64], cross_v_i [1, H, 64, T]
  std::vector<TensorSpec> decoder_inputs;   // hidden, mask, self_k_i, self_v_i, cross_k_i, …
  std::vector<TensorSpec> decoder_outputs;  // logits, new_k_i [1, H, 1, 64], new_v_i
};

WindowShapes ShapesOf(const Dims& dims, size_t frames, int cache);

// A prompt's: new_k_i [1, H, K, 64], new_v_i.
BlockShapes PrefillShapesOf(const Dims& dims, size_t frames, int cache, int block);

// The alignment's: besides, logits [1, K, V] and attention [1, A, K, T].
BlockShapes AlignmentShapesOf(const Dims& dims, size_t frames, int cache, int block,
                              size_t alignment_heads);

// How the manifest's signatures of a window differ from that, one sentence a difference.
std::vector<std::string> WrongShapes(const Bundle& bundle, const Window& window);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_SHAPES_H_
