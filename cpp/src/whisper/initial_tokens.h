// The tokens a window's text begins with (whisper/decoding.py, _get_initial_tokens).

#ifndef SOTTO_SRC_WHISPER_INITIAL_TOKENS_H_
#define SOTTO_SRC_WHISPER_INITIAL_TOKENS_H_

#include <cstddef>
#include <vector>

#include "whisper/decode_request.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

struct InitialTokens {
  std::vector<int>
      tokens;            // [sot_prev, prompt …,] sot [, language, task] [, no timestamps], prefix …
  size_t sot_index = 0;  // where the window's own text begins
};

// How many tokens are sampled at most.
int SampleLength(const DecodeRequest& request, const WhisperBundle& bundle);

// request.language and request.task must be the model's. The result fits the cache, whatever
// the prompt and the prefix: where the reference would fail, their first tokens are left out.
InitialTokens MakeInitialTokens(const DecodeRequest& request, const WhisperBundle& bundle);

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_INITIAL_TOKENS_H_
