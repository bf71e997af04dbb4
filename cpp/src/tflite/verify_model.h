// Whether a .tflite file may be given to LiteRT, which trusts what it reads.

#ifndef SOTTO_SRC_TFLITE_VERIFY_MODEL_H_
#define SOTTO_SRC_TFLITE_VERIFY_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "sotto/error.h"

namespace sotto {

// Checks a whole file: that it is a flatbuffer of TFLite's schema, and that its signatures, graphs,
// tensors, buffers and operations are such as Sotto's conversion and MediaTek's compiler write.
// LiteRT's own checks leave out most of it, and a changed byte ends the process there.
//
// `data` must lie at a multiple of 8 bytes. Weights are not read: the time is the graphs' alone,
// and so are the pages touched. kBundle, naming the file by `name` and what is wrong with it.
Result<void> VerifyModel(const std::string& name, const uint8_t* data, size_t size);

}  // namespace sotto

#endif  // SOTTO_SRC_TFLITE_VERIFY_MODEL_H_
