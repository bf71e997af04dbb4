// What a Whisper is loaded as: everything that its sessions share.

#ifndef SOTTO_SRC_WHISPER_SPEECH_WEIGHTS_H_
#define SOTTO_SRC_WHISPER_SPEECH_WEIGHTS_H_

#include <memory>
#include <string>

#include "litert/litert_runtime.h"
#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/log_mel.h"
#include "sotto/tokenizer.h"
#include "whisper/encoder_pool.h"
#include "whisper/whisper_bundle.h"
#include "whisper/whisper_tables.h"

namespace sotto {

// What a bundle has beside its graphs; the same wherever these run.
struct SpeechTables {
  static Result<std::shared_ptr<const SpeechTables>> Open(const WhisperBundle& bundle);

  const LogMel log_mel;
  const Tokenizer tokenizer;
  const WhisperTables decoder;
};

// Immutable, for any number of threads.
struct SpeechWeights {
  // Opens the bundle, its tables and LiteRT, in this order: what is wrong with a bundle is said
  // where there is no LiteRT, too. On the NPU the shortest window has run once.
  static Result<std::shared_ptr<const SpeechWeights>> Open(const BundleFiles& files,
                                                           const LoadOptions& options);

  const WhisperBundle bundle;  // with the windows that can be used
  const std::shared_ptr<const SpeechTables> tables;
  const std::shared_ptr<const LiteRtRuntime> runtime;
  const int threads;  // of a session's CPU kernels
  const std::string accelerator;
  const std::string fallback;  // why "auto" took the CPU
  const EncoderPool encoders;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SPEECH_WEIGHTS_H_
