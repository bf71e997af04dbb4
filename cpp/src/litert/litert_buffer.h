// Memory that graphs read and write in place.

#ifndef SOTTO_SRC_LITERT_LITERT_BUFFER_H_
#define SOTTO_SRC_LITERT_LITERT_BUFFER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "bundle/bundle_parts.h"
#include "litert/litert_runtime.h"
#include "sotto/error.h"

namespace sotto {

// A tensor's memory, zero when made: the host's, or an NPU's, which the host sees only while it is
// mapped. Graph::Run hands the NPU's over and takes them back.
class TensorBuffer {
 public:
  // Of the host. `runtime`: whose graphs run over it; null: a GraphFunction's.
  static Result<TensorBuffer> Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                     const TensorSpec& spec);

  // As an NPU wants it, mapped. kDevice if it wants rows that are padded, or fewer bytes than
  // float32 takes: the host writes neither.
  static Result<TensorBuffer> CreateFor(std::shared_ptr<const LiteRtRuntime> runtime,
                                        const TensorSpec& spec,
                                        LiteRtTensorBufferRequirements requirements);

  ~TensorBuffer();
  TensorBuffer(TensorBuffer&& other) noexcept;
  TensorBuffer& operator=(TensorBuffer&& other) noexcept;

  // Null while an NPU has it.
  float* data() { return data_; }
  const float* data() const { return data_; }
  size_t elements() const { return elements_; }
  LiteRtTensorBuffer handle() const { return handle_; }

  // Whether it is an NPU's. What follows is for such a buffer alone.
  bool on_device() const { return on_device_; }

  // The host has no use for it: it is not mapped any more.
  Result<void> KeepOnDevice();

  // Before and after a graph runs over it. kDevice if it can't be mapped.
  Result<void> HandOver();
  Result<void> TakeBack();

 private:
  TensorBuffer() = default;

  Result<void> Map();

  std::shared_ptr<const LiteRtRuntime> runtime_;
  LiteRtTensorBuffer handle_ = nullptr;
  void* memory_ = nullptr;  // the host's, to be freed
  float* data_ = nullptr;
  size_t elements_ = 0;
  bool on_device_ = false;
  bool hosts_ = true;  // whether the host uses it between runs
  std::string name_;
};

// Buffers by tensor name. One buffer may stand under several names and in several maps: the
// encoder's outputs are the decoder's inputs.
using BufferMap = std::map<std::string, TensorBuffer*>;

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_BUFFER_H_
