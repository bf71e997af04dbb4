#include "litert/litert_buffer.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sotto {
namespace {

// XNNPACK may read this far past a buffer's end.
constexpr size_t kReadAhead = 64;

LiteRtRankedTensorType TypeOf(const TensorSpec& spec) {
  LiteRtRankedTensorType type{};
  type.element_type = kLiteRtElementTypeFloat32;
  type.layout.rank = static_cast<unsigned int>(spec.shape.size());
  for (size_t i = 0; i < spec.shape.size(); ++i) type.layout.dimensions[i] = spec.shape[i];
  return type;
}

}  // namespace

Result<TensorBuffer> TensorBuffer::Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                          const TensorSpec& spec) {
  TensorBuffer buffer;
  buffer.runtime_ = std::move(runtime);
  buffer.elements_ = spec.elements();
  const size_t bytes = buffer.elements_ * sizeof(float);
  const size_t padded = (bytes + kReadAhead + kLiteRtHostMemoryAlignment - 1) /
                        kLiteRtHostMemoryAlignment * kLiteRtHostMemoryAlignment;
  // The system gives pages of zeros when they are first written: of a cache for 448 positions a
  // short text takes but a part.
  buffer.memory_ = std::calloc(padded + kLiteRtHostMemoryAlignment, 1);
  if (buffer.memory_ == nullptr) {
    return Error{ErrorCode::kDevice, "out of memory: " + spec.name + " " + ShapeText(spec.shape) +
                                         " needs " + std::to_string(padded) + " bytes"};
  }
  const auto address = reinterpret_cast<uintptr_t>(buffer.memory_);
  buffer.data_ =
      static_cast<float*>(buffer.memory_) + (-address % kLiteRtHostMemoryAlignment) / sizeof(float);
  if (buffer.runtime_ == nullptr) return buffer;
  const LiteRtRankedTensorType type = TypeOf(spec);
  const LiteRtApi& api = buffer.runtime_->api();
  const LiteRtStatus status = api.LiteRtCreateTensorBufferFromHostMemory(&type, buffer.data_, bytes,
                                                                         nullptr, &buffer.handle_);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "can't make a tensor buffer for " + spec.name, status);
  }
  return buffer;
}

Result<TensorBuffer> TensorBuffer::CreateFor(std::shared_ptr<const LiteRtRuntime> runtime,
                                             const TensorSpec& spec,
                                             LiteRtTensorBufferRequirements requirements) {
  const LiteRtApi& api = runtime->api();
  int kinds = 0, kind = 0, strides = 0;
  size_t bytes = 0;
  const uint32_t* stride = nullptr;
  const bool known =
      api.LiteRtGetNumTensorBufferRequirementsSupportedBufferTypes(requirements, &kinds) ==
          kLiteRtStatusOk &&
      kinds > 0 &&
      api.LiteRtGetTensorBufferRequirementsSupportedTensorBufferType(requirements, 0, &kind) ==
          kLiteRtStatusOk &&
      api.LiteRtGetTensorBufferRequirementsBufferSize(requirements, &bytes) == kLiteRtStatusOk &&
      api.LiteRtGetTensorBufferRequirementsStrides(requirements, &strides, &stride) ==
          kLiteRtStatusOk;
  const std::string tensor = "tensor " + spec.name + " " + ShapeText(spec.shape);
  if (!known) {
    return Error{ErrorCode::kDevice, "what memory the NPU wants for " + tensor + " is not known"};
  }
  const size_t needed = spec.elements() * sizeof(float);
  if (strides > 0 || bytes < needed) {
    return Error{ErrorCode::kDevice, "the NPU wants " + std::to_string(bytes) + " bytes for " +
                                         tensor + (strides > 0 ? ", with padded rows" : "") +
                                         "; Sotto writes float32 without padding, " +
                                         std::to_string(needed) + " bytes"};
  }
  if (kind == kLiteRtTensorBufferTypeHostMemory) return Create(std::move(runtime), spec);
  TensorBuffer buffer;
  buffer.elements_ = spec.elements();
  buffer.on_device_ = true;
  buffer.name_ = spec.name;
  const LiteRtRankedTensorType type = TypeOf(spec);
  const LiteRtStatus status = api.LiteRtCreateManagedTensorBufferFromRequirements(
      runtime->environment(), &type, requirements, &buffer.handle_);
  buffer.runtime_ = std::move(runtime);
  if (status != kLiteRtStatusOk) {
    return LiteRtError(ErrorCode::kDevice, "there is no memory of the NPU's for " + tensor, status);
  }
  SOTTO_RETURN_IF_ERROR(buffer.Map());
  std::memset(buffer.data_, 0, needed);
  return buffer;
}

Result<void> TensorBuffer::Map() {
  void* address = nullptr;
  const LiteRtStatus status = runtime_->api().LiteRtLockTensorBuffer(
      handle_, &address, kLiteRtTensorBufferLockModeReadWrite);
  if (status != kLiteRtStatusOk || address == nullptr) {
    return LiteRtError(ErrorCode::kDevice, "the NPU's memory of " + name_ + " can't be mapped",
                       status);
  }
  data_ = static_cast<float*>(address);
  return {};
}

Result<void> TensorBuffer::HandOver() {
  if (data_ == nullptr) return {};
  data_ = nullptr;
  const LiteRtStatus status = runtime_->api().LiteRtUnlockTensorBuffer(handle_);
  if (status == kLiteRtStatusOk) return {};
  return LiteRtError(ErrorCode::kDevice, "the NPU's memory of " + name_ + " can't be handed over",
                     status);
}

Result<void> TensorBuffer::TakeBack() {
  if (!hosts_ || data_ != nullptr) return {};
  return Map();
}

Result<void> TensorBuffer::KeepOnDevice() {
  if (!on_device_) return {};
  hosts_ = false;
  return HandOver();
}

TensorBuffer::~TensorBuffer() {
  if (on_device_) {
    static_cast<void>(HandOver());
  }
  if (handle_ != nullptr) runtime_->api().LiteRtDestroyTensorBuffer(handle_);
  std::free(memory_);
}

TensorBuffer::TensorBuffer(TensorBuffer&& other) noexcept { *this = std::move(other); }

TensorBuffer& TensorBuffer::operator=(TensorBuffer&& other) noexcept {
  std::swap(runtime_, other.runtime_);
  std::swap(handle_, other.handle_);
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(elements_, other.elements_);
  std::swap(on_device_, other.on_device_);
  std::swap(hosts_, other.hosts_);
  std::swap(name_, other.name_);
  return *this;
}

}  // namespace sotto
