#include "whisper/whisper_graphs.h"

#include <utility>

#include "base/stopwatch.h"

namespace sotto {

GraphCounters& GraphCounters::operator+=(const GraphCounters& other) {
  encoder_runs += other.encoder_runs;
  decoder += other.decoder;
  load_ms += other.load_ms;
  encoder_ms += other.encoder_ms;
  return *this;
}

Result<std::unique_ptr<WhisperGraphs>> WhisperGraphs::Create(CompiledFiles* files,
                                                             const EncoderPool& encoders,
                                                             const WhisperBundle& bundle,
                                                             const Window& window,
                                                             const WhisperTables& tables) {
  const Stopwatch watch;
  std::unique_ptr<WhisperGraphs> graphs(new WhisperGraphs(files, encoders, window));
  SOTTO_ASSIGN_OR_RETURN(graphs->decoder_,
                         KvDecoder::Create(files, bundle.decoder, {window.decoder, window.prefill},
                                           tables.ForDecoder()));
  SOTTO_RETURN_IF_ERROR(graphs->MakeBuffers());
  graphs->counters_.load_ms = watch.Milliseconds();
  return graphs;
}

Result<void> WhisperGraphs::MakeBuffers() {
  SOTTO_ASSIGN_OR_RETURN(log_mel_, encoders_.MakeInput(window_.encoder));
  encoded_ = decoder_->further_inputs();
  for (const auto& [name, buffer] : encoded_) SOTTO_RETURN_IF_ERROR(buffer->KeepOnDevice());
  encoded_["log_mel"] = &*log_mel_;
  return {};
}

Result<void> WhisperGraphs::Encode() {
  const Stopwatch watch;
  files_->CountRun();
  SOTTO_RETURN_IF_ERROR(encoders_.Run(window_.encoder, encoded_));
  decoder_->Restart();
  ++counters_.encoder_runs;
  counters_.encoder_ms += watch.Milliseconds();
  return {};
}

GraphCounters WhisperGraphs::counters() const {
  GraphCounters counters = counters_;
  counters.decoder = decoder_->counters();
  return counters;
}

}  // namespace sotto
