// The verifier that stands before LiteRT: it reads any bytes, and only within their bounds.

#include <cstddef>
#include <cstdint>

#include "checked_message.h"
#include "tflite/verify_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sotto::Accepted(sotto::VerifyModel("model.tflite", data, size));
  return 0;
}
