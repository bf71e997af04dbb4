// The operation that LiteRT puts where an NPU's compiler took a part of a graph.

#ifndef SOTTO_SRC_TFLITE_DISPATCH_CALL_H_
#define SOTTO_SRC_TFLITE_DISPATCH_CALL_H_

#include <cstddef>
#include <cstdint>

#include "sotto/error.h"

namespace sotto {

constexpr char kDispatchOperator[] = "DISPATCH_OP";

// Checks the custom options of a DISPATCH_OP: a flexbuffer that maps `bytecode_offset`,
// `bytecode_size` and `name` to integers and a string, in a file of `file_size` bytes which must
// hold the code. kBundle if it is anything else.
Result<void> CheckDispatchOptions(const uint8_t* options, size_t size, size_t file_size);

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_DISPATCH_CALL_H_
