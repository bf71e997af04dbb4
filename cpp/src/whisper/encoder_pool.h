// The compiled encoders of one model, which its sessions take while they encode.

#ifndef SOTTO_SRC_WHISPER_ENCODER_POOL_H_
#define SOTTO_SRC_WHISPER_ENCODER_POOL_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/idle_pool.h"
#include "litert/litert_graph.h"
#include "sotto/error.h"

namespace sotto {

// An encoder's working memory is needed for one run, and is as large as all else that a session
// has. There are as many as encode at once, and no session waits for another's. For any number of
// threads.
class EncoderPool {
 public:
  static constexpr size_t kMaxIdle = 4;

  // make: files of their own for each encoder.
  explicit EncoderPool(std::function<std::unique_ptr<CompiledFiles>()> make)
      : make_(std::move(make)), idle_(kMaxIdle) {}

  // The input of the graph `encoder`, whose only one it is, as what it runs on wants it.
  Result<TensorBuffer> MakeInput(const Signature& encoder) const;

  // Runs the graph over buffers for its input and outputs, by name. Errors as Graph::Create, when
  // it is first loaded, and Graph::Run.
  Result<void> Run(const Signature& encoder, const BufferMap& buffers) const;

  // Frees idle encoders, and each that is at work when it is done.
  void Close() const { idle_.Close(); }

 private:
  struct Encoder {
    std::unique_ptr<CompiledFiles> files;
    std::map<std::string, std::unique_ptr<Graph>> graphs;  // by name; destroyed before the files
  };

  // use(Graph*), whose result it returns.
  template <typename Use>
  auto With(const Signature& encoder, const Use& use) const
      -> decltype(use(static_cast<Graph*>(nullptr)));

  const std::function<std::unique_ptr<CompiledFiles>()> make_;
  mutable IdlePool<Encoder> idle_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_WHISPER_ENCODER_POOL_H_
