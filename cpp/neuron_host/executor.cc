#include "executor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "alignment.h"
#include "contracts.h"
#include "kernels/float16.h"
#include "kernels/kernel.h"
#include "kernels/vector_math.h"
#include "memory_plan.h"
#include "threads.h"

namespace sotto::neuron {
namespace {

constexpr size_t kMaxBytes = size_t{8} << 30;
constexpr size_t kPiece = 64 * 1024;  // elements that one task converts

size_t DeclaredBytes(const Operand& operand) {
  return ElementCount(operand) * ElementBytes(operand.type);
}

bool SameQuantization(const Operand& a, const Operand& b) {
  return a.type == b.type && a.scale == b.scale && a.zero_point == b.zero_point;
}

// The value of a constant as kernels see it: where it is, or a copy that is aligned, is float32 or
// is rounded to fp16.
class Constant {
 public:
  Constant(Constant&&) = default;
  Constant(const Operand& operand, bool fp16) {
    const size_t count = ElementCount(operand);
    const bool half = operand.type == kTensorFloat16;
    const bool aligned = reinterpret_cast<uintptr_t>(operand.value) % 8 == 0;
    if (!half && aligned && !(fp16 && operand.type == kTensorFloat32)) {
      value_ = operand.value;
      return;
    }
    copy_.resize((half ? count * sizeof(float) : operand.bytes) / sizeof(float) + 1);
    value_ = copy_.data();
    if (half) {
      for (size_t i = 0; i < count; ++i) {
        uint16_t bits;
        std::memcpy(&bits, static_cast<const uint8_t*>(operand.value) + 2 * i, sizeof(bits));
        copy_[i] = FromFloat16(bits);
      }
      return;
    }
    std::memcpy(copy_.data(), operand.value, operand.bytes);
    if (fp16 && operand.type == kTensorFloat32) RoundToFloat16(copy_.data(), copy_.data(), count);
  }

  const void* value() const { return value_; }

 private:
  std::vector<float> copy_;
  const void* value_ = nullptr;
};

// What of the caller's is an element's, and what a kernel's: float32 for either kind of float.
void CopyIn(const Tensor& tensor, const void* from, void* to, bool fp16, Threads& threads) {
  if (!tensor.IsFloat()) {
    std::memcpy(to, from, tensor.elements * tensor.ElementBytes());
    return;
  }
  auto* numbers = static_cast<float*>(to);
  ForPieces(threads, tensor.elements, kPiece, [&](size_t begin, size_t end, Workspace&) {
    if (tensor.type == kTensorFloat16) {
      const auto* halves = static_cast<const uint16_t*>(from);
      for (size_t i = begin; i < end; ++i) numbers[i] = FromFloat16(halves[i]);
    } else if (fp16) {
      RoundToFloat16(static_cast<const float*>(from) + begin, numbers + begin, end - begin);
    } else {
      std::memcpy(numbers + begin, static_cast<const float*>(from) + begin,
                  (end - begin) * sizeof(float));
    }
  });
}

void CopyOut(const Tensor& tensor, const void* from, void* to) {
  if (tensor.type != kTensorFloat16) {
    std::memcpy(to, from, tensor.elements * tensor.ElementBytes());
    return;
  }
  for (size_t i = 0; i < tensor.elements; ++i) {
    const float x = RoundedToFloat16(static_cast<const float*>(from)[i]);
    static_cast<uint16_t*>(to)[i] = ToFloat16(x);
  }
}

}  // namespace

class Executor::Plan {
 public:
  Plan(std::shared_ptr<const Network> network, const Arithmetic& arithmetic, int threads)
      : network_(std::move(network)), arithmetic_(arithmetic), threads_(threads) {}

  sotto::Result<void> Prepare();
  void Run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
           const Watch& watch);

  const Network& network() const { return *network_; }

 private:
  struct Step {
    neuron::Run run;  // none where the output is the input under another shape
    Buffers buffers;
  };

  const Operand& operand(uint32_t index) const { return network_->operands()[index]; }
  bool fp16() const { return arithmetic_.storage == Arithmetic::Storage::kFloat16; }
  bool IsRenamed(const Operation& operation) const;
  sotto::Result<void> PlaceTensors();
  sotto::Result<void> PrepareSteps();
  const void* KeepConstant(uint32_t index);
  void DropUnread(const std::vector<bool>& read);
  void FindBuffers();

  std::shared_ptr<const Network> network_;
  Arithmetic arithmetic_;
  Threads threads_;
  std::map<uint32_t, Constant> constants_;  // by operand
  std::vector<uint32_t> owner_;             // the operand whose memory an operand's elements are in
  std::vector<size_t> offsets_;             // of owners, in memory_
  std::unique_ptr<uint8_t[]> memory_;
  uint8_t* first_ = nullptr;  // of memory_, aligned
  size_t memory_bytes_ = 0;
  std::vector<const void*> data_;  // by operand
  std::vector<Tensor> tensors_;    // by operand
  std::vector<Step> steps_;
};

bool Executor::Plan::IsRenamed(const Operation& operation) const {
  return operation.code == kReshape &&
         SameQuantization(operand(operation.inputs[0]), operand(operation.outputs[0]));
}

// Memory for whatever is computed, from its operation until its last reader.
sotto::Result<void> Executor::Plan::PlaceTensors() {
  const auto& operations = network_->operations();
  const size_t count = network_->operands().size();
  owner_.resize(count);
  for (uint32_t i = 0; i < count; ++i) owner_[i] = i;
  std::vector<size_t> last(count, 0);
  for (size_t step = 0; step < operations.size(); ++step) {
    const Operation& operation = operations[step];
    if (IsRenamed(operation)) owner_[operation.outputs[0]] = owner_[operation.inputs[0]];
    for (const uint32_t index : operation.inputs) last[owner_[index]] = step;
    for (const uint32_t index : operation.outputs) last[owner_[index]] = step;
  }
  for (const uint32_t index : network_->outputs()) last[owner_[index]] = operations.size();
  std::vector<std::vector<uint32_t>> released(operations.size() + 1);
  MemoryPlan plan;
  offsets_.assign(count, 0);
  const auto take = [&](uint32_t index) {
    offsets_[index] = plan.Take(tensors_[index].elements * tensors_[index].ElementBytes());
    released[last[index]].push_back(index);
  };
  for (const uint32_t index : network_->inputs()) take(index);
  for (size_t step = 0; step < operations.size(); ++step) {
    for (const uint32_t index : operations[step].outputs) {
      if (owner_[index] == index) take(index);
    }
    for (const uint32_t index : released[step]) {
      plan.Release(offsets_[index], tensors_[index].elements * tensors_[index].ElementBytes());
    }
  }
  memory_bytes_ = plan.bytes();
  if (memory_bytes_ > kMaxBytes) {
    return Unsupported(network_->name() + " needs more than 8 GiB for its tensors");
  }
  return {};
}

sotto::Result<void> Executor::Plan::PrepareSteps() {
  const auto& operations = network_->operations();
  std::vector<bool> read(network_->operands().size());
  for (size_t step = 0; step < operations.size(); ++step) {
    const Operation& operation = operations[step];
    steps_.emplace_back();
    if (IsRenamed(operation)) {
      read[operation.inputs[0]] = true;
      KeepConstant(operation.inputs[0]);
      continue;
    }
    Call call;
    call.code = operation.code;
    call.arithmetic = arithmetic_;
    for (const uint32_t index : operation.inputs) {
      call.inputs.push_back(tensors_[index]);
      call.inputs.back().value = KeepConstant(index);
    }
    for (const uint32_t index : operation.outputs) call.outputs.push_back(tensors_[index]);
    auto kernel = PrepareKernel(call);
    if (!kernel.ok()) {
      return Unsupported(network_->name() + ", operation " + std::to_string(step) + " (" +
                         OperationName(operation.code) + "): " + kernel.error().message);
    }
    steps_.back().run = std::move(kernel->run);
    for (size_t i = 0; i < operation.inputs.size(); ++i) {
      const auto& packed = kernel->packed;
      if (std::find(packed.begin(), packed.end(), i) == packed.end()) {
        read[operation.inputs[i]] = true;
      }
    }
  }
  for (const uint32_t index : network_->outputs()) {
    read[index] = true;
    KeepConstant(index);
  }
  DropUnread(read);
  return {};
}

// The value of a constant operand; null of another.
const void* Executor::Plan::KeepConstant(uint32_t index) {
  if (!operand(index).IsConstant()) return nullptr;
  auto found = constants_.find(index);
  if (found == constants_.end()) {
    found = constants_.emplace(index, Constant(operand(index), fp16())).first;
  }
  return found->second.value();
}

// Constants that kernels have copies of.
void Executor::Plan::DropUnread(const std::vector<bool>& read) {
  for (auto constant = constants_.begin(); constant != constants_.end();) {
    constant = read[constant->first] ? std::next(constant) : constants_.erase(constant);
  }
}

void Executor::Plan::FindBuffers() {
  memory_.reset(new uint8_t[memory_bytes_ + kAlignment]);
  const auto address = reinterpret_cast<uintptr_t>(memory_.get());
  first_ = memory_.get() + (kAlignment - address % kAlignment) % kAlignment;
  data_.resize(network_->operands().size());
  for (uint32_t i = 0; i < data_.size(); ++i) {
    const auto constant = constants_.find(owner_[i]);
    if (constant != constants_.end()) {
      data_[i] = constant->second.value();
    } else if (!operand(owner_[i]).IsConstant()) {
      data_[i] = first_ + offsets_[owner_[i]];
    }
  }
  for (size_t step = 0; step < steps_.size(); ++step) {
    const Operation& operation = network_->operations()[step];
    for (const uint32_t index : operation.inputs) {
      steps_[step].buffers.inputs.push_back(data_[index]);
    }
    for (const uint32_t index : operation.outputs) {
      steps_[step].buffers.outputs.push_back(const_cast<void*>(data_[index]));
    }
  }
}

sotto::Result<void> Executor::Plan::Prepare() {
  for (const Operand& one : network_->operands()) tensors_.push_back(TensorOf(one));
  SOTTO_RETURN_IF_ERROR(PlaceTensors());
  SOTTO_RETURN_IF_ERROR(PrepareSteps());
  FindBuffers();
  return {};
}

void Executor::Plan::Run(const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                         const Watch& watch) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint32_t index = network_->inputs()[i];
    CopyIn(tensors_[index], inputs[i], const_cast<void*>(data_[index]), fp16(), threads_);
  }
  for (size_t step = 0; step < steps_.size(); ++step) {
    if (steps_[step].run) steps_[step].run(steps_[step].buffers, threads_);
    if (!watch) continue;
    std::vector<TensorView> views;
    for (const uint32_t index : network_->operations()[step].outputs) {
      views.push_back({operand(index), data_[index]});
    }
    watch(step, views);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const uint32_t index = network_->outputs()[i];
    CopyOut(tensors_[index], data_[index], outputs[i]);
  }
}

Executor::Executor(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
Executor::~Executor() = default;

sotto::Result<std::unique_ptr<Executor>> Executor::Create(std::shared_ptr<const Network> network,
                                                          const Arithmetic& arithmetic,
                                                          int threads) {
  const std::string name = network->name();
  try {
    auto plan = std::make_unique<Plan>(std::move(network), arithmetic, threads);
    SOTTO_RETURN_IF_ERROR(plan->Prepare());
    return std::unique_ptr<Executor>(new Executor(std::move(plan)));
  } catch (const std::bad_alloc&) {
    return Unsupported(name + " needs more memory than there is");
  } catch (const std::system_error& error) {
    return sotto::Error{ErrorCode::kDevice,
                        "can't start " + std::to_string(threads) + " threads: " + error.what()};
  }
}

const Network& Executor::network() const { return plan_->network(); }

size_t Executor::input_bytes(size_t i) const {
  return DeclaredBytes(network().operands()[network().inputs()[i]]);
}

size_t Executor::output_bytes(size_t i) const {
  return DeclaredBytes(network().operands()[network().outputs()[i]]);
}

sotto::Result<void> Executor::Run(const std::vector<const void*>& inputs,
                                  const std::vector<void*>& outputs, const Watch& watch) {
  if (inputs.size() != network().inputs().size() || outputs.size() != network().outputs().size()) {
    return Unsupported(network().name() + " has " + std::to_string(network().inputs().size()) +
                       " inputs and " + std::to_string(network().outputs().size()) +
                       " outputs, but is given " + std::to_string(inputs.size()) + " and " +
                       std::to_string(outputs.size()));
  }
  try {
    plan_->Run(inputs, outputs, watch);
  } catch (const std::bad_alloc&) {
    return Unsupported(network().name() + " needs more memory than there is");
  }
  return {};
}

}  // namespace sotto::neuron
