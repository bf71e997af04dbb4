// The part of LiteRT's C API that Sotto calls, loaded at run time.
//
// Declarations follow litert/c/*.h of LiteRT 2.x (Apache-2.0). This header and litert_api.cc are
// the only places that know the library's names.

#ifndef SOTTO_SRC_LITERT_LITERT_API_H_
#define SOTTO_SRC_LITERT_LITERT_API_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "litert/litert_types.h"
#include "sotto/error.h"

namespace sotto {

// name, result, arguments: one row a function, in the order of their use.
#define SOTTO_LITERT_FUNCTIONS(X)                                                                  \
  X(LiteRtCreateEnvironment, LiteRtStatus, (int, const LiteRtEnvOption*, LiteRtEnvironment*))      \
  X(LiteRtDestroyEnvironment, void, (LiteRtEnvironment))                                           \
  X(LiteRtCreateModelFromBuffer, LiteRtStatus,                                                     \
    (LiteRtEnvironment, const void*, size_t, LiteRtModel*))                                        \
  X(LiteRtDestroyModel, void, (LiteRtModel))                                                       \
  X(LiteRtGetNumModelSignatures, LiteRtStatus, (LiteRtModel, size_t*))                             \
  X(LiteRtGetModelSignature, LiteRtStatus, (LiteRtModel, size_t, LiteRtSignature*))                \
  X(LiteRtGetSignatureKey, LiteRtStatus, (LiteRtSignature, const char**))                          \
  X(LiteRtGetNumSignatureInputs, LiteRtStatus, (LiteRtSignature, size_t*))                         \
  X(LiteRtGetSignatureInputName, LiteRtStatus, (LiteRtSignature, size_t, const char**))            \
  X(LiteRtGetSignatureInputTensorByIndex, LiteRtStatus, (LiteRtSignature, size_t, LiteRtTensor*))  \
  X(LiteRtGetNumSignatureOutputs, LiteRtStatus, (LiteRtSignature, size_t*))                        \
  X(LiteRtGetSignatureOutputName, LiteRtStatus, (LiteRtSignature, size_t, const char**))           \
  X(LiteRtGetSignatureOutputTensorByIndex, LiteRtStatus, (LiteRtSignature, size_t, LiteRtTensor*)) \
  X(LiteRtGetRankedTensorType, LiteRtStatus, (LiteRtTensor, LiteRtRankedTensorType*))              \
  X(LiteRtCreateOptions, LiteRtStatus, (LiteRtOptions*))                                           \
  X(LiteRtDestroyOptions, void, (LiteRtOptions))                                                   \
  X(LiteRtSetOptionsHardwareAccelerators, LiteRtStatus, (LiteRtOptions, int))                      \
  X(LiteRtCreateOpaqueOptions, LiteRtStatus,                                                       \
    (const char*, void*, void (*)(void*), LiteRtOpaqueOptions*))                                   \
  X(LiteRtDestroyOpaqueOptions, void, (LiteRtOpaqueOptions))                                       \
  X(LiteRtAddOpaqueOptions, LiteRtStatus, (LiteRtOptions, LiteRtOpaqueOptions))                    \
  X(LiteRtCreateCompiledModel, LiteRtStatus,                                                       \
    (LiteRtEnvironment, LiteRtModel, LiteRtOptions, LiteRtCompiledModel*))                         \
  X(LiteRtDestroyCompiledModel, void, (LiteRtCompiledModel))                                       \
  X(LiteRtCreateTensorBufferFromHostMemory, LiteRtStatus,                                          \
    (const LiteRtRankedTensorType*, void*, size_t, void (*)(void*), LiteRtTensorBuffer*))          \
  X(LiteRtGetCompiledModelInputBufferRequirements, LiteRtStatus,                                   \
    (LiteRtCompiledModel, size_t, size_t, LiteRtTensorBufferRequirements*))                        \
  X(LiteRtGetCompiledModelOutputBufferRequirements, LiteRtStatus,                                  \
    (LiteRtCompiledModel, size_t, size_t, LiteRtTensorBufferRequirements*))                        \
  X(LiteRtGetNumTensorBufferRequirementsSupportedBufferTypes, LiteRtStatus,                        \
    (LiteRtTensorBufferRequirements, int*))                                                        \
  X(LiteRtGetTensorBufferRequirementsSupportedTensorBufferType, LiteRtStatus,                      \
    (LiteRtTensorBufferRequirements, int, int*))                                                   \
  X(LiteRtGetTensorBufferRequirementsBufferSize, LiteRtStatus,                                     \
    (LiteRtTensorBufferRequirements, size_t*))                                                     \
  X(LiteRtGetTensorBufferRequirementsStrides, LiteRtStatus,                                        \
    (LiteRtTensorBufferRequirements, int*, const uint32_t**))                                      \
  X(LiteRtCreateManagedTensorBufferFromRequirements, LiteRtStatus,                                 \
    (LiteRtEnvironment, const LiteRtRankedTensorType*, LiteRtTensorBufferRequirements,             \
     LiteRtTensorBuffer*))                                                                         \
  X(LiteRtGetTensorBufferType, LiteRtStatus, (LiteRtTensorBuffer, int*))                           \
  X(LiteRtLockTensorBuffer, LiteRtStatus, (LiteRtTensorBuffer, void**, int))                       \
  X(LiteRtUnlockTensorBuffer, LiteRtStatus, (LiteRtTensorBuffer))                                  \
  X(LiteRtDestroyTensorBuffer, void, (LiteRtTensorBuffer))                                         \
  X(LiteRtRunCompiledModel, LiteRtStatus,                                                          \
    (LiteRtCompiledModel, size_t, size_t, LiteRtTensorBuffer*, size_t, LiteRtTensorBuffer*))

// The loaded library: one function pointer a row above.
struct LiteRtApi {
  // How LiteRT names its library on this system, on Windows, too: "libLiteRt.so".
  static std::string LibraryName();

  // Loads `library_path`, or, when it is empty, the path in $SOTTO_LITERT, or the system's
  // LibraryName(). A library that can't be loaded or lacks a symbol is kDevice, naming it.
  static Result<std::shared_ptr<const LiteRtApi>> Load(const std::string& library_path);

  // Of the library that was loaded; empty if the system does not say.
  std::string Path() const;

  LiteRtApi() = default;
  LiteRtApi(const LiteRtApi&) = delete;
  LiteRtApi& operator=(const LiteRtApi&) = delete;

#define SOTTO_DECLARE_FUNCTION(name, result, arguments) result(*name) arguments = nullptr;
  SOTTO_LITERT_FUNCTIONS(SOTTO_DECLARE_FUNCTION)
#undef SOTTO_DECLARE_FUNCTION
};

// "<what>: LiteRT reports <name> (<number>)": litert_common.h's own names of its statuses.
Error LiteRtError(ErrorCode code, const std::string& what, LiteRtStatus status);

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_API_H_
