// Speech to text with one bundle: the runtime's main entry.

#ifndef SOTTO_SPEECH_MODEL_H_
#define SOTTO_SPEECH_MODEL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sotto/audio_source.h"
#include "sotto/bundle_files.h"
#include "sotto/error.h"
#include "sotto/load_options.h"
#include "sotto/speech_session.h"
#include "sotto/transcribe_options.h"
#include "sotto/transcription.h"

namespace sotto {

class Recognizer;
struct RecognizerInfo;

// One bundle's weights and tables, for any number of threads at once. Each call takes a session,
// which has a pool of LoadOptions::threads of its own: several at once divide the cores best if
// each has its share. A session that a call is done with is kept for the next one, up to
// kMaxIdleSessions of them; there is no limit to those at work, and no call waits for another.
class SpeechModel {
 public:
  static constexpr size_t kMaxIdleSessions = 4;

  // Opens the bundle and the runtime; graphs are loaded when a window is first used.
  static Result<std::shared_ptr<const SpeechModel>> Create(const BundleFiles& files,
                                                           const LoadOptions& options);

  ~SpeechModel();

  // Of a recogniser that was loaded.
  explicit SpeechModel(std::shared_ptr<const Recognizer> recognizer);

  // With the windows that can be used: on the NPU those that were compiled for it. Words are timed
  // on the CPU, too, where alignment was not compiled.
  const RecognizerInfo& info() const;

  // A session to keep, and to cancel from another thread. It may outlive the model.
  std::unique_ptr<SpeechSession> NewSession() const;

  // SpeechSession's, each with a session of the pool.
  Result<Transcription> Transcribe(AudioSource* source, const TranscribeOptions& options,
                                   const TranscribeCallbacks& callbacks = {}) const;
  Result<Transcription> TranscribeWindow(const float* samples, size_t count,
                                         const std::vector<int>& prompt,
                                         const TranscribeOptions& options) const;

  // Calls that are at work, of all sessions, end with kCancelled once the graph that runs is done,
  // and later ones are kOption. Frees idle sessions at once; the rest goes with the last call,
  // session and the model itself. From any thread; does not wait.
  void Close() const;

 private:
  class Pool;
  std::shared_ptr<const Recognizer> recognizer_;
  std::unique_ptr<Pool> idle_;
};

}  // namespace sotto

#endif  // SOTTO_SPEECH_MODEL_H_
