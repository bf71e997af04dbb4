// A bundle's component of kind speech-encoder: log-mel to the keys and values that a decoder
// attends to.

#ifndef SOTTO_SRC_WHISPER_SPEECH_ENCODER_H_
#define SOTTO_SRC_WHISPER_SPEECH_ENCODER_H_

#include <memory>
#include <vector>

#include "bundle/manifest_reader.h"
#include "whisper/whisper_bundle.h"

namespace sotto {

struct SpeechEncoder {
  // Fails the reader if there is none or it is malformed.
  static SpeechEncoder Read(ManifestReader* reader);

  int layers = 0;
  int heads = 0;
  int width = 0;                                // of the hidden state
  int context = 0;                              // positions of the longest audio
  std::vector<Signature> graphs;                // one a length: log_mel [1, n_mels, frames] -> K, V
  std::shared_ptr<const FileView> mel_filters;  // .npy, float32 [n_mels, 201]
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_SPEECH_ENCODER_H_
