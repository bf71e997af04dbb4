#include "tflite/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "tflite/known_fields.h"

namespace sotto {
namespace {

using ::tflite::TensorType;

// Kernels count elements and bytes in int.
constexpr int64_t kMaxBytes = std::numeric_limits<int32_t>::max();

// Beyond these, a ratio of two scales ends the process in one kernel or another.
constexpr float kMinScale = 1e-30F, kMaxScale = 1e30F;

// Bits of an element; 0 of a type that no operation here takes.
int BitsOf(TensorType type) {
  switch (type) {
    case ::tflite::TensorType_INT4:
      return 4;
    case ::tflite::TensorType_INT8:
    case ::tflite::TensorType_UINT8:
    case ::tflite::TensorType_BOOL:
      return 8;
    case ::tflite::TensorType_FLOAT16:
    case ::tflite::TensorType_INT16:
      return 16;
    case ::tflite::TensorType_FLOAT32:
    case ::tflite::TensorType_INT32:
      return 32;
    case ::tflite::TensorType_INT64:
      return 64;
    default:
      return 0;
  }
}

// The zero points that a quantised type can have, from -bound - 1 or 0 on.
bool IsZeroPointOf(TensorType type, int64_t zero_point) {
  switch (type) {
    case ::tflite::TensorType_INT8:
      return zero_point >= -128 && zero_point <= 127;
    case ::tflite::TensorType_UINT8:
      return zero_point >= 0 && zero_point <= 255;
    default:
      return zero_point == 0;
  }
}

bool NeedsScale(TensorType type) {
  return type == ::tflite::TensorType_INT4 || type == ::tflite::TensorType_INT8 ||
         type == ::tflite::TensorType_UINT8 || type == ::tflite::TensorType_INT16;
}

Result<Shape> CheckShape(const ::tflite::Tensor& tensor) {
  Shape shape;
  if (SizeOf(tensor.shape()) > kMaxDimensions) {
    return Damaged("has " + std::to_string(tensor.shape()->size()) + " dimensions; at most " +
                   std::to_string(kMaxDimensions) + " are taken");
  }
  int64_t elements = 1;
  for (size_t i = 0; i < SizeOf(tensor.shape()); ++i) {
    const int64_t size = tensor.shape()->Get(static_cast<flatbuffers::uoffset_t>(i));
    shape.Append(size);
    if (size < 1 || size > kMaxBytes / elements) {
      return Damaged("has a shape " + ToText(shape) + " with a size that is not positive, or too " +
                     "many elements");
    }
    elements *= size;
  }
  const auto* signature = tensor.shape_signature();
  if (SizeOf(signature) > 0 &&
      (signature->size() != tensor.shape()->size() ||
       !std::equal(signature->begin(), signature->end(), tensor.shape()->begin()))) {
    return Damaged("has a dynamic shape");
  }
  return shape;
}

// Of int4 weights; their scales are looked at once all tensors are known.
Result<void> CheckBlocks(const ::tflite::QuantizationParameters& parameters,
                         CheckedTensor* tensor) {
  const auto* blocks = parameters.details_as_BlockwiseQuantization();
  constexpr int kBlockUnit = 32;  // XNNPACK's kernels take multiples of it
  if (blocks == nullptr ||
      !HasOnlyFieldsUpTo(*blocks, ::tflite::BlockwiseQuantization::VT_BLOCK_SHAPE) ||
      SizeOf(blocks->block_shape()) > 0 || blocks->zero_points() != -1 || blocks->scales() < 0 ||
      SizeOf(parameters.scale()) > 0 || SizeOf(parameters.zero_point()) > 0 ||
      tensor->type != ::tflite::TensorType_INT4 || tensor->shape.rank != 2 ||
      blocks->block_size() < kBlockUnit || blocks->block_size() % kBlockUnit != 0 ||
      tensor->shape.last() % blocks->block_size() != 0) {
    return Damaged("is quantised in blocks that are not taken");
  }
  tensor->block_scales = blocks->scales();
  tensor->block_size = blocks->block_size();
  return {};
}

// Every scale of the blocks must be a finite float16, and not negative.
Result<void> CheckBlockScales(const CheckedTensor& weights,
                              const std::vector<CheckedTensor>& tensors) {
  const auto index = static_cast<size_t>(weights.block_scales);
  if (!weights.is_constant() || index >= tensors.size()) {
    return Damaged("is quantised in blocks without constant weights or scales");
  }
  const CheckedTensor& scales = tensors[index];
  const int64_t blocks = weights.shape.Elements() / weights.block_size;
  if (scales.type != ::tflite::TensorType_FLOAT16 || !scales.is_constant() ||
      scales.shape.Elements() != blocks) {
    return Damaged("does not have " + std::to_string(blocks) + " scales of float16 for its blocks");
  }
  constexpr unsigned int kInfinity = 0x7c00;  // and what is above is no number, or negative
  for (size_t i = 0; i + 1 < scales.constant.size; i += 2) {
    const unsigned int half = scales.constant.data[i] | (scales.constant.data[i + 1] << 8U);
    if (half >= kInfinity) {
      return Damaged("has a scale that is negative or not finite");
    }
  }
  return {};
}

Result<void> CheckQuantization(const ::tflite::Tensor& table, CheckedTensor* tensor) {
  const ::tflite::QuantizationParameters* parameters = table.quantization();
  if (parameters == nullptr) {
    if (NeedsScale(tensor->type)) return Damaged("is quantised without a scale");
    return {};
  }
  if (!HasOnlyFieldsUpTo(*parameters, ::tflite::QuantizationParameters::VT_QUANTIZED_DIMENSION)) {
    return Damaged("is quantised in a way that is not known");
  }
  if (parameters->details_type() != ::tflite::QuantizationDetails_NONE) {
    return CheckBlocks(*parameters, tensor);
  }
  tensor->scales = SizeOf(parameters->scale());
  if (tensor->scales == 0) {
    if (NeedsScale(tensor->type)) return Damaged("is quantised without a scale");
    if (SizeOf(parameters->zero_point()) > 0) return Damaged("has a zero point without a scale");
    return {};
  }
  const auto in_range = [](float scale) { return scale >= kMinScale && scale <= kMaxScale; };
  if (!std::all_of(parameters->scale()->begin(), parameters->scale()->end(), in_range)) {
    return Damaged("has a scale that is not positive and finite");
  }
  tensor->first_scale = parameters->scale()->Get(0);
  const auto* zero_points = parameters->zero_point();
  if (SizeOf(zero_points) != tensor->scales ||
      !std::all_of(zero_points->begin(), zero_points->end(),
                   [&](int64_t zero) { return IsZeroPointOf(tensor->type, zero); })) {
    return Damaged("has other zero points than its scales and its type allow");
  }
  if (tensor->per_channel()) {
    tensor->channel_dimension = parameters->quantized_dimension();
    if (tensor->channel_dimension < 0 || tensor->channel_dimension >= tensor->shape.rank ||
        tensor->shape[tensor->channel_dimension] != static_cast<int64_t>(tensor->scales)) {
      return Damaged("has " + std::to_string(tensor->scales) +
                     " scales, which are not its channels'");
    }
  } else if (parameters->quantized_dimension() < 0 ||
             parameters->quantized_dimension() >= std::max(tensor->shape.rank, 1)) {
    return Damaged("is quantised along a dimension that it does not have");
  }
  return {};
}

Result<CheckedTensor> CheckTensor(const ::tflite::Tensor& table,
                                  const std::vector<ConstantBytes>& buffers) {
  if (!HasOnlyFieldsUpTo(table, ::tflite::Tensor::VT_EXTERNAL_BUFFER) || table.is_variable() ||
      table.sparsity() != nullptr || SizeOf(table.variant_tensors()) > 0 ||
      table.external_buffer() != 0) {
    return Damaged("is a variable, sparse, or of another kind that is not taken");
  }
  CheckedTensor tensor;
  tensor.name = {table.name()->c_str(), table.name()->size()};
  tensor.type = table.type();
  const int bits = BitsOf(tensor.type);
  if (bits == 0) {
    return Damaged("has the element type " + std::to_string(tensor.type) + ", which is not taken");
  }
  SOTTO_ASSIGN_OR_RETURN(tensor.shape, CheckShape(table));
  const int64_t bytes = (tensor.shape.Elements() * bits + 7) / 8;
  if (bytes > kMaxBytes) return Damaged("has more bytes than kernels count");
  SOTTO_RETURN_IF_ERROR(CheckQuantization(table, &tensor));
  if (table.buffer() >= buffers.size()) {
    return Damaged("is in buffer " + std::to_string(table.buffer()) + " of " +
                   std::to_string(buffers.size()));
  }
  tensor.constant = buffers[table.buffer()];
  if (tensor.is_constant() && tensor.constant.size != static_cast<size_t>(bytes)) {
    return Damaged("of shape " + ToText(tensor.shape) + " needs " + std::to_string(bytes) +
                   " bytes, its buffer has " + std::to_string(tensor.constant.size));
  }
  return tensor;
}

}  // namespace

Error Damaged(std::string what) { return Error{ErrorCode::kBundle, std::move(what)}; }

bool CheckedTensor::Is(std::initializer_list<TensorType> types) const {
  return std::find(types.begin(), types.end(), type) != types.end();
}

Result<std::vector<int64_t>> CheckedTensor::Integers() const {
  const bool wide = type == ::tflite::TensorType_INT64;
  if (!is_constant() || !(wide || type == ::tflite::TensorType_INT32)) {
    return Damaged("tensor " + Printable(name) + " is not a constant of integers");
  }
  std::vector<int64_t> values(static_cast<size_t>(shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    int32_t narrow = 0;
    if (wide) {
      std::memcpy(&values[i], constant.data + i * sizeof(int64_t), sizeof(int64_t));
    } else {
      std::memcpy(&narrow, constant.data + i * sizeof(int32_t), sizeof(int32_t));
      values[i] = narrow;
    }
  }
  return values;
}

Result<std::vector<ConstantBytes>> CheckBuffers(const ::tflite::Model& model, const uint8_t* data,
                                                size_t size) {
  std::vector<ConstantBytes> buffers;
  buffers.reserve(SizeOf(model.buffers()));
  for (size_t i = 0; i < SizeOf(model.buffers()); ++i) {
    const ::tflite::Buffer& buffer = *model.buffers()->Get(static_cast<flatbuffers::uoffset_t>(i));
    const std::string name = "buffer " + std::to_string(i);
    const uint64_t offset = buffer.offset(), length = buffer.size();
    if (!HasOnlyFieldsUpTo(buffer, ::tflite::Buffer::VT_SIZE)) {
      return Damaged(name + " is of a kind that is not known");
    }
    ConstantBytes bytes;
    if (offset > 1) {  // behind the flatbuffer, which ends at 2 GB
      if (SizeOf(buffer.data()) > 0) return Damaged(name + " is in two places");
      if (offset > size || length > size - offset) {
        return Damaged(name + " reaches beyond the file");
      }
      if (length > 0) bytes = {data + offset, static_cast<size_t>(length)};
    } else if (offset != 0 || length != 0) {
      return Damaged(name + " has a size without a place");
    } else if (SizeOf(buffer.data()) > 0) {
      bytes = {buffer.data()->data(), buffer.data()->size()};
    }
    // Kernels read elements where they lie.
    if (bytes.data != nullptr && (bytes.data - data) % 4 != 0) {
      return Damaged(name + " does not lie at a multiple of 4 bytes");
    }
    buffers.push_back(bytes);
  }
  // TFLite takes a tensor in buffer 0 for one that is computed.
  if (buffers.empty() || buffers[0].data != nullptr) {
    return Damaged("buffer 0 is missing, or not empty");
  }
  return buffers;
}

Result<std::vector<CheckedTensor>> CheckTensors(const ::tflite::SubGraph& graph,
                                                const std::vector<ConstantBytes>& buffers) {
  std::vector<CheckedTensor> tensors;
  tensors.reserve(SizeOf(graph.tensors()));
  for (size_t i = 0; i < SizeOf(graph.tensors()); ++i) {
    const ::tflite::Tensor& table = *graph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(i));
    if (table.name() == nullptr) return Damaged("tensor " + std::to_string(i) + " has no name");
    Result<CheckedTensor> tensor = CheckTensor(table, buffers);
    if (!tensor.ok()) {
      return Damaged("tensor " + Printable({table.name()->c_str(), table.name()->size()}) + " " +
                     tensor.error().message);
    }
    tensors.push_back(std::move(tensor).value());
  }
  for (const CheckedTensor& tensor : tensors) {
    if (!tensor.per_block()) continue;
    const Result<void> fits = CheckBlockScales(tensor, tensors);
    if (!fits.ok()) {
      return Damaged("tensor " + Printable(tensor.name) + " " + fits.error().message);
    }
  }
  return tensors;
}

}  // namespace sotto
