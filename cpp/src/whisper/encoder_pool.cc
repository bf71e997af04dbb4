#include "whisper/encoder_pool.h"

namespace sotto {

template <typename Use>
auto EncoderPool::With(const Signature& encoder, const Use& use) const
    -> decltype(use(static_cast<Graph*>(nullptr))) {
  std::unique_ptr<Encoder> taken = idle_.Take();
  if (taken == nullptr) taken = std::make_unique<Encoder>(Encoder{make_(), {}});
  std::unique_ptr<Graph>& graph = taken->graphs[encoder.name];
  if (graph == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(graph, Graph::Create(taken->files.get(), encoder));
  }
  auto result = use(graph.get());
  idle_.Give(std::move(taken));
  return result;
}

Result<TensorBuffer> EncoderPool::MakeInput(const Signature& encoder) const {
  return With(encoder, [](Graph* graph) { return graph->MakeBuffer(graph->inputs().front()); });
}

Result<void> EncoderPool::Run(const Signature& encoder, const BufferMap& buffers) const {
  return With(encoder, [&](Graph* graph) -> Result<void> {
    SOTTO_ASSIGN_OR_RETURN(const Graph::Binding binding, graph->MakeBinding(buffers));
    return graph->Run(binding);
  });
}

}  // namespace sotto
