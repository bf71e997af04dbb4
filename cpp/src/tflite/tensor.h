// The tensors and buffers of a .tflite file, checked: what an operation's rule can rely on.

#ifndef SOTTO_SRC_TFLITE_TENSOR_H_
#define SOTTO_SRC_TFLITE_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "sotto/error.h"
#include "tflite/shape.h"
#include "tflite_schema/schema_generated.h"

namespace sotto {

// Bytes of a constant inside the file; null if the buffer is empty.
struct ConstantBytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

struct CheckedTensor {
  std::string_view name;  // in the file, of any bytes
  ::tflite::TensorType type = ::tflite::TensorType_FLOAT32;
  Shape shape;
  ConstantBytes constant;     // of just as many bytes as the shape and the type need
  size_t scales = 0;          // of quantisation: none, one, or one for each channel
  int channel_dimension = 0;  // of which each channel has a scale, if there are several
  float first_scale = 0;
  // Of weights [outputs, inputs] that have a scale for each block of inputs: the tensor that holds
  // the scales, and inputs of a block. -1: there are no blocks.
  int block_scales = -1;
  int block_size = 0;

  bool is_constant() const { return constant.data != nullptr; }
  bool per_channel() const { return scales > 1; }
  bool per_block() const { return block_scales >= 0; }
  bool Is(std::initializer_list<::tflite::TensorType> types) const;

  // The elements of a constant of int32 or int64. kBundle if it is anything else.
  Result<std::vector<int64_t>> Integers() const;
};

// An error about the file, which the caller puts the file's name before.
Error Damaged(std::string what);

// The buffers, in order. kBundle if one reaches beyond the file.
Result<std::vector<ConstantBytes>> CheckBuffers(const ::tflite::Model& model, const uint8_t* data,
                                                size_t size);

// A subgraph's tensors, in order. kBundle if one has a shape, a type, a buffer or a quantisation
// that LiteRT can't be trusted with.
Result<std::vector<CheckedTensor>> CheckTensors(const ::tflite::SubGraph& graph,
                                                const std::vector<ConstantBytes>& buffers);

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_TENSOR_H_
