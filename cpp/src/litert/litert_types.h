// Types of LiteRT's C API: what the runtime passes, and what a dispatch library is passed.
//
// Declarations follow litert/c/*.h of LiteRT 2.x (Apache-2.0). Structs passed by value or
// filled in by the library are declared ABI-stable upstream; their sizes are asserted here.

#ifndef SOTTO_SRC_LITERT_LITERT_TYPES_H_
#define SOTTO_SRC_LITERT_LITERT_TYPES_H_

#include <cstddef>
#include <cstdint>

namespace sotto {

using LiteRtStatus = int;  // kLiteRtStatusOk = 0
constexpr LiteRtStatus kLiteRtStatusOk = 0;

using LiteRtEnvironment = struct LiteRtEnvironmentT*;
using LiteRtModel = struct LiteRtModelT*;
using LiteRtSignature = struct LiteRtSignatureT*;
using LiteRtTensor = struct LiteRtTensorT*;
using LiteRtOptions = struct LiteRtOptionsT*;
using LiteRtOpaqueOptions = struct LiteRtOpaqueOptionsT*;
using LiteRtCompiledModel = struct LiteRtCompiledModelT*;
using LiteRtTensorBuffer = struct LiteRtTensorBufferT*;
using LiteRtTensorBufferRequirements = struct LiteRtTensorBufferRequirementsT*;

constexpr int kLiteRtHwAcceleratorCpu = 1;
constexpr int kLiteRtHwAcceleratorNpu = 4;
constexpr int kLiteRtElementTypeFloat32 = 1;
constexpr int kLiteRtMaxRank = 8;
constexpr size_t kLiteRtHostMemoryAlignment = 64;

constexpr int kLiteRtTensorBufferTypeHostMemory = 1;
constexpr int kLiteRtTensorBufferTypeUserCustom = 100;  // to 199: a dispatch library's own

constexpr int kLiteRtTensorBufferLockModeReadWrite = 2;

enum LiteRtEnvOptionTag : int {
  kLiteRtEnvOptionTagDispatchLibraryDir = 1,
  kLiteRtEnvOptionTagAutoRegisterAccelerators = 24,
  kLiteRtEnvOptionTagMinLoggerSeverity = 25,
  kLiteRtEnvOptionTagNull = 255,
};

constexpr int64_t kLiteRtLogSeverityError = 3;
constexpr int64_t kLiteRtLogSeveritySilent = 4;

struct LiteRtAny {
  int type;
  union {
    bool bool_value;
    int64_t int_value;
    double real_value;
    const char* str_value;
    const void* ptr_value;
  };
};
constexpr int kLiteRtAnyTypeInt = 2;
constexpr int kLiteRtAnyTypeString = 8;

struct LiteRtEnvOption {
  LiteRtEnvOptionTag tag;
  LiteRtAny value;
};

struct LiteRtLayout {
  unsigned int rank : 7;
  unsigned int has_strides : 1;
  int32_t dimensions[kLiteRtMaxRank];
  uint32_t strides[kLiteRtMaxRank];
};

struct LiteRtRankedTensorType {
  int element_type;
  LiteRtLayout layout;
};

static_assert(sizeof(void*) != 8 || sizeof(LiteRtAny) == 16);
static_assert(sizeof(void*) != 8 || sizeof(LiteRtEnvOption) == 24);
static_assert(sizeof(LiteRtLayout) == 68);
static_assert(sizeof(LiteRtRankedTensorType) == 72);

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_TYPES_H_
