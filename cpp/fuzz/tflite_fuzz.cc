// The verifier that stands before LiteRT: it reads any bytes, and only within their bounds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sotto/error.h"
#include "tflite/verify_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sotto::Result<void> verified = sotto::VerifyModel("model.tflite", data, size);
  if (!verified.ok() && verified.error().message.empty()) std::abort();
  return 0;
}
