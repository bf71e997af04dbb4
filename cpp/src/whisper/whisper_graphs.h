// Encoder and decoder of one window over shared buffers.

#ifndef SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_
#define SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "decode/kv_decoder.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"
#include "whisper/encoder_pool.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_tables.h"

namespace sotto {

// What a window's graphs did, for profiles and for tests of what they must not do.
struct GraphCounters {
  GraphCounters& operator+=(const GraphCounters& other);

  int64_t encoder_runs = 0;  // each computes the cross K/V once, and the decoder never
  DecoderCounters decoder;
  double load_ms = 0;  // making the graphs
  double encoder_ms = 0;
};

// Not for several threads at once.
class WhisperGraphs {
 public:
  // All must outlive it.
  static Result<std::unique_ptr<WhisperGraphs>> Create(CompiledFiles* files,
                                                       const EncoderPool& encoders,
                                                       const WhisperBundle& bundle,
                                                       const Window& window,
                                                       const WhisperTables& tables);

  const Window& window() const { return window_; }
  GraphCounters counters() const;

  // [n_mels, window().frames], to be filled before Encode.
  float* log_mel() { return log_mel_->data(); }

  // Runs the encoder, whose outputs are the decoder's further inputs, and starts a new text.
  Result<void> Encode();

  // Over what was last encoded.
  KvDecoder* decoder() { return decoder_.get(); }

 private:
  WhisperGraphs(CompiledFiles* files, const EncoderPool& encoders, const Window& window)
      : files_(files), encoders_(encoders), window_(window) {}

  Result<void> MakeBuffers();

  CompiledFiles* files_;
  const EncoderPool& encoders_;
  const Window& window_;
  std::unique_ptr<KvDecoder> decoder_;
  std::optional<TensorBuffer> log_mel_;
  BufferMap encoded_;       // what an encoder runs over
  GraphCounters counters_;  // but for the decoder's
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_WHISPER_GRAPHS_H_
