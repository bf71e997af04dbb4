// What an autoregressive decoder with self-attention caches is like.

#ifndef SOTTO_SRC_DECODE_DECODER_SPEC_H_
#define SOTTO_SRC_DECODE_DECODER_SPEC_H_

namespace sotto {

struct DecoderSpec {
  int layers = 0;
  int heads = 0;       // of queries; a divisor of width
  int kv_heads = 0;    // of keys and values; a divisor of heads, below it where queries share them
  int width = 0;       // of the hidden state
  int context = 0;     // positions that the model was trained for
  int cache = 0;       // positions of the self-attention cache, context at most
  int vocabulary = 0;  // logits of a step
  float masked = 0;    // score where attention is not allowed: additive and finite

  int head_width() const { return width / heads; }
};

}  // namespace sotto

#endif  // SOTTO_SRC_DECODE_DECODER_SPEC_H_
