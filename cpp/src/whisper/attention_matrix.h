// How much each token of a text attends to each moment of the audio (whisper/timing.py,
// find_alignment).

#ifndef SOTTO_SRC_WHISPER_ATTENTION_MATRIX_H_
#define SOTTO_SRC_WHISPER_ATTENTION_MATRIX_H_

#include <cstddef>
#include <vector>

namespace sotto {

// scores: [heads, tokens, positions], cross-attention scores before the softmax. Of the first
// `heard` positions: softmax, each standardised over the tokens, median filter; then the mean of
// the heads. Returns [tokens, heard].
std::vector<float> AttentionMatrix(const float* scores, size_t heads, size_t tokens,
                                   size_t positions, size_t heard);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_ATTENTION_MATRIX_H_
