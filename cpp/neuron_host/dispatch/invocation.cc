#include "invocation.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "bytecode.h"
#include "device_memory.h"

namespace sotto::neuron {
namespace {

constexpr char kMagic[] = "SOTTONET";
constexpr size_t kAlignment = 4;  // of the constants' elements
constexpr int kMaxThreads = 1024;

// The variable's value; the first of `known` if it is not set.
sotto::Result<std::string> Choice(const char* variable, const std::vector<std::string>& known) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return known.front();
  if (std::find(known.begin(), known.end(), value) != known.end()) return std::string(value);
  return Error{ErrorCode::kOption, std::string(variable) + " is \"" + value + "\", expected " +
                                       known[0] + " or " + known[1]};
}

sotto::Result<int> Threads() {
  const char* value = std::getenv("SOTTO_NPU_THREADS");
  if (value == nullptr || *value == '\0') {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
  }
  char* end = nullptr;
  const long threads = std::strtol(value, &end, 10);
  if (*end == '\0' && threads >= 1 && threads <= kMaxThreads) return static_cast<int>(threads);
  return Error{ErrorCode::kOption, std::string("SOTTO_NPU_THREADS is \"") + value +
                                       "\", expected 1 to " + std::to_string(kMaxThreads)};
}

// Of a caller's buffer: float32 for either kind of float.
size_t BytesOf(const Operand& operand) {
  const size_t width = operand.type == kTensorFloat16 ? 4 : ElementBytes(operand.type);
  return ElementCount(operand) * width;
}

}  // namespace

sotto::Result<DispatchSettings> DispatchSettings::FromEnvironment() {
  DispatchSettings settings;
  SOTTO_ASSIGN_OR_RETURN(const auto storage, Choice("SOTTO_NPU_STORAGE", {"fp16", "fp32"}));
  SOTTO_ASSIGN_OR_RETURN(const auto sums, Choice("SOTTO_NPU_SUMS", {"fp32", "fp16"}));
  SOTTO_ASSIGN_OR_RETURN(const auto gelu, Choice("SOTTO_NPU_GELU", {"tanh", "erf"}));
  SOTTO_ASSIGN_OR_RETURN(const auto buffers, Choice("SOTTO_NPU_BUFFERS", {"device", "host"}));
  SOTTO_ASSIGN_OR_RETURN(settings.threads, Threads());
  if (storage == "fp32") settings.arithmetic.storage = Arithmetic::Storage::kFloat32;
  if (sums == "fp16") settings.arithmetic.sums = Arithmetic::Sums::kFloat16;
  if (gelu == "erf") settings.arithmetic.gelu = Arithmetic::Gelu::kErf;
  settings.device_buffers = buffers == "device";
  return settings;
}

sotto::Result<std::unique_ptr<Invocation>> Invocation::Create(const LiteRtRuntimeContext* litert,
                                                              const DispatchSettings& settings,
                                                              const uint8_t* bytecode, size_t size,
                                                              const std::string& partition,
                                                              size_t inputs, size_t outputs) {
  SOTTO_ASSIGN_OR_RETURN(CompiledPartition code, FindPartition(bytecode, size, partition));
  if (code.size < sizeof(kMagic) - 1 || std::memcmp(code.bytes, kMagic, sizeof(kMagic) - 1) != 0) {
    return Error{ErrorCode::kModel,
                 "partition " + partition +
                     " is code for a device: a graph that Sotto's neuron_host recorded was "
                     "expected, which step 3 makes with --dry-run --keep"};
  }
  std::unique_ptr<Invocation> made(new Invocation(litert, settings));
  made->name_ = partition;
  if (reinterpret_cast<uintptr_t>(code.bytes) % kAlignment != 0) {
    made->copied_.assign(code.bytes, code.bytes + code.size);
    code.bytes = made->copied_.data();
  }
  SOTTO_ASSIGN_OR_RETURN(made->network_,
                         Network::Read(code.bytes, code.size, "partition " + partition));
  const Network& network = *made->network_;
  if (network.inputs().size() != inputs || network.outputs().size() != outputs) {
    return Error{ErrorCode::kModel, "partition " + partition + " takes " +
                                        std::to_string(network.inputs().size()) + " tensors to " +
                                        std::to_string(network.outputs().size()) +
                                        ", the model gives " + std::to_string(inputs) + " to " +
                                        std::to_string(outputs)};
  }
  for (uint32_t i : network.inputs()) made->inputs_.push_back({BytesOf(network.operands()[i])});
  for (uint32_t i : network.outputs()) made->outputs_.push_back({BytesOf(network.operands()[i])});
  return made;
}

std::string Invocation::PortName(bool input, int index) const {
  return (input ? "input " : "output ") + std::to_string(index) + " of partition " + name_;
}

Invocation::Port* Invocation::Find(bool input, int index) {
  std::vector<Port>& ports = input ? inputs_ : outputs_;
  const bool known = index >= 0 && static_cast<size_t>(index) < ports.size();
  return known ? &ports[static_cast<size_t>(index)] : nullptr;
}

sotto::Result<LiteRtTensorBufferRequirements> Invocation::Requirements(bool input,
                                                                       int index) const {
  const Port* port = const_cast<Invocation*>(this)->Find(input, index);
  if (port == nullptr) return Error{ErrorCode::kModel, "there is no " + PortName(input, index)};
  const int type = settings_.device_buffers ? kDeviceMemoryType : kLiteRtTensorBufferTypeHostMemory;
  LiteRtTensorBufferRequirements requirements = nullptr;
  if (litert_->create_tensor_buffer_requirements(1, &type, port->bytes, 0, nullptr,
                                                 &requirements) != kLiteRtStatusOk) {
    return Error{ErrorCode::kModel, "LiteRT takes no requirements of " + PortName(input, index)};
  }
  return requirements;
}

sotto::Result<void> Invocation::Attach(bool input, int index, const RegisteredBuffer* buffer) {
  Port* port = Find(input, index);
  if (port == nullptr) return Error{ErrorCode::kModel, "there is no " + PortName(input, index)};
  if (buffer->bytes < port->bytes) {
    return Error{ErrorCode::kModel, PortName(input, index) + " has a buffer of " +
                                        std::to_string(buffer->bytes) + " bytes, needs " +
                                        std::to_string(port->bytes)};
  }
  port->buffer = buffer;
  return {};
}

void Invocation::Detach(bool input, int index, const RegisteredBuffer* buffer) {
  Port* port = Find(input, index);
  if (port != nullptr && port->buffer == buffer) port->buffer = nullptr;
}

sotto::Result<void*> Invocation::Address(const RegisteredBuffer& buffer, const std::string& what) {
  if (buffer.memory != nullptr) {
    if (!buffer.memory->locked()) return buffer.memory->device();
    return Error{ErrorCode::kModel, what + " is still locked by the host"};
  }
  void* address = nullptr;
  if (litert_->lock_tensor_buffer(buffer.buffer, &address, kLiteRtTensorBufferLockModeReadWrite) !=
      kLiteRtStatusOk) {
    return Error{ErrorCode::kModel, what + " can't be locked"};
  }
  locked_.push_back(buffer.buffer);
  return address;
}

sotto::Result<void> Invocation::Run() {
  if (executor_ == nullptr) {
    SOTTO_ASSIGN_OR_RETURN(executor_,
                           Executor::Create(network_, settings_.arithmetic, settings_.threads));
  }
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  const auto run = [&]() -> sotto::Result<void> {
    for (const bool input : {true, false}) {
      const std::vector<Port>& ports = input ? inputs_ : outputs_;
      for (size_t i = 0; i < ports.size(); ++i) {
        const std::string what = PortName(input, static_cast<int>(i));
        if (ports[i].buffer == nullptr) return Error{ErrorCode::kModel, what + " has no buffer"};
        SOTTO_ASSIGN_OR_RETURN(void* address, Address(*ports[i].buffer, what));
        if (input) {
          inputs.push_back(address);
        } else {
          outputs.push_back(address);
        }
      }
    }
    return executor_->Run(inputs, outputs);
  };
  sotto::Result<void> done = run();
  for (LiteRtTensorBuffer buffer : locked_) litert_->unlock_tensor_buffer(buffer);
  locked_.clear();
  return done;
}

}  // namespace sotto::neuron
