// What LiteRT asks of a dispatch library and gives to it: the part of litert/vendors/c/
// litert_dispatch_api.h and litert/c/internal/litert_runtime_context.h (LiteRT 2.x, Apache-2.0)
// that this one needs. Both are declared ABI-stable upstream. Members that are not used stand as
// void*, so that the others are where they are; offsets are asserted, and were compared with the
// tables inside the libLiteRt.so of ai-edge-litert 2.3.0.

#ifndef SOTTO_NEURON_HOST_DISPATCH_ABI_H_
#define SOTTO_NEURON_HOST_DISPATCH_ABI_H_

#include <cstddef>
#include <cstdint>

#include "litert/litert_types.h"

namespace sotto::neuron {

constexpr LiteRtStatus kInvalidArgument = 1;
constexpr LiteRtStatus kOutOfMemory = 2;
constexpr LiteRtStatus kRuntimeFailure = 3;
constexpr LiteRtStatus kUnsupported = 5;
constexpr LiteRtStatus kIncompatibleBytecode = 4002;

constexpr int kCapabilitiesBasic = 1;  // no asynchronous runs, no graphs of graphs
constexpr int kExecutableMlModel = 2;

using LiteRtEnvironmentOptions = struct LiteRtEnvironmentOptionsT*;
using LiteRtDispatchDeviceContext = struct LiteRtDispatchDeviceContextT*;
using LiteRtDispatchInvocationContext = struct LiteRtDispatchInvocationContextT*;
using LiteRtTensorBufferHandle = uint64_t;

struct LiteRtAbiHeader {
  uint16_t struct_size;
  uint16_t major_version;
  uint16_t minor_version;
  uint16_t reserved;
};

struct LiteRtApiVersion {
  int major, minor, patch;
};
constexpr LiteRtApiVersion kLiteRtApiVersion = {0, 1, 0};  // another is refused by LiteRT

// What LiteRT does for a dispatch library.
struct LiteRtRuntimeContext {
  LiteRtAbiHeader abi_header;
  LiteRtStatus (*create_tensor_buffer_requirements)(int types, const int* type, size_t bytes,
                                                    int strides, const uint32_t* stride,
                                                    LiteRtTensorBufferRequirements*);
  void* unused_16[11];
  LiteRtStatus (*get_environment_options)(LiteRtEnvironment, LiteRtEnvironmentOptions*);
  LiteRtStatus (*get_environment_options_value)(LiteRtEnvironmentOptions, LiteRtEnvOptionTag,
                                                LiteRtAny*);
  void* unused_120[8];
  LiteRtStatus (*get_tensor_buffer_type)(LiteRtTensorBuffer, int*);
  void* unused_192;
  LiteRtStatus (*get_tensor_buffer_size)(LiteRtTensorBuffer, size_t*);
  void* unused_208[2];
  LiteRtStatus (*lock_tensor_buffer)(LiteRtTensorBuffer, void**, int mode);
  LiteRtStatus (*unlock_tensor_buffer)(LiteRtTensorBuffer);
  void* unused_240[3];
  LiteRtStatus (*get_tensor_buffer_custom_tensor_buffer_handle)(LiteRtTensorBuffer, void**);
};

// Where code for the accelerator is: at base_addr + offset. More members follow.
struct LiteRtMemBuffer {
  int fd;  // of the model's file, or -1
  const void* base_addr;
  size_t offset;
  size_t size;
};

// The functions that LiteRT calls, in the table's order; null ones it does without.
struct LiteRtDispatchInterface {
  LiteRtStatus (*initialize)(const LiteRtRuntimeContext*, LiteRtEnvironment, LiteRtOptions);
  LiteRtStatus (*get_vendor_id)(const char**);
  LiteRtStatus (*get_build_id)(const char**);
  LiteRtStatus (*get_capabilities)(int*);
  LiteRtStatus (*device_context_create)(const LiteRtRuntimeContext*, LiteRtOptions,
                                        LiteRtDispatchDeviceContext*);
  LiteRtStatus (*device_context_destroy)(LiteRtDispatchDeviceContext);
  LiteRtStatus (*get_input_requirements)(LiteRtDispatchInvocationContext, int index,
                                         const LiteRtRankedTensorType*,
                                         LiteRtTensorBufferRequirements*);
  LiteRtStatus (*get_output_requirements)(LiteRtDispatchInvocationContext, int index,
                                          const LiteRtRankedTensorType*,
                                          LiteRtTensorBufferRequirements*);
  LiteRtStatus (*register_tensor_buffer)(LiteRtDispatchDeviceContext, LiteRtTensorBuffer,
                                         LiteRtTensorBufferHandle*);
  LiteRtStatus (*unregister_tensor_buffer)(LiteRtDispatchDeviceContext, LiteRtTensorBufferHandle);
  LiteRtStatus (*invocation_context_create)(const LiteRtRuntimeContext*,
                                            LiteRtDispatchDeviceContext, int executable_type,
                                            const LiteRtMemBuffer*, const char* function_name,
                                            int inputs, int outputs,
                                            LiteRtDispatchInvocationContext*);
  LiteRtStatus (*invocation_context_destroy)(LiteRtDispatchInvocationContext);
  void* set_scheduling_info;
  LiteRtStatus (*attach_input)(LiteRtDispatchInvocationContext, int, LiteRtTensorBufferHandle);
  LiteRtStatus (*attach_output)(LiteRtDispatchInvocationContext, int, LiteRtTensorBufferHandle);
  LiteRtStatus (*detach_input)(LiteRtDispatchInvocationContext, int, LiteRtTensorBufferHandle);
  LiteRtStatus (*detach_output)(LiteRtDispatchInvocationContext, int, LiteRtTensorBufferHandle);
  LiteRtStatus (*invoke)(LiteRtDispatchInvocationContext);
  void* metrics[5];
  LiteRtStatus (*check_runtime_compatibility)(LiteRtApiVersion, LiteRtEnvironmentOptions,
                                              LiteRtOptions);
  void* set_options;
  void* get_hooks;
};

struct HwMemoryInfo {
  void* memory_handle;
  void* raw_handle;
};

// Makes, maps and frees buffers of a kind of the dispatch library's own.
struct LiteRtCustomTensorBufferHandlersDef {
  LiteRtAbiHeader abi_header;
  LiteRtStatus (*create)(void* device, void* queue, const LiteRtRankedTensorType*, int buffer_type,
                         size_t bytes, size_t packed_bytes, HwMemoryInfo**);
  LiteRtStatus (*destroy)(HwMemoryInfo*);
  LiteRtStatus (*lock)(HwMemoryInfo*, int mode, void**);
  LiteRtStatus (*unlock)(HwMemoryInfo*);
  void* clear;
  void* import;
  LiteRtEnvOptionTag device_tag;
  LiteRtEnvOptionTag queue_tag;
  size_t num_supported_buffer_types;
  int supported_buffer_types[16];
};

struct LiteRtDispatchApi {
  LiteRtAbiHeader abi_header;
  LiteRtApiVersion version;
  const LiteRtDispatchInterface* interface;
  const void* async_interface;
  const void* graph_interface;
  const LiteRtCustomTensorBufferHandlersDef* tensor_buffer_handlers_def;
};

static_assert(sizeof(void*) == 8, "the dispatch library is built for 64-bit Linux alone");
static_assert(offsetof(LiteRtRuntimeContext, get_environment_options) == 104);
static_assert(offsetof(LiteRtRuntimeContext, get_tensor_buffer_type) == 184);
static_assert(offsetof(LiteRtRuntimeContext, lock_tensor_buffer) == 224);
static_assert(offsetof(LiteRtRuntimeContext, get_tensor_buffer_custom_tensor_buffer_handle) == 264);
static_assert(offsetof(LiteRtMemBuffer, size) == 24);
static_assert(offsetof(LiteRtDispatchInterface, invocation_context_create) == 0x50);
static_assert(offsetof(LiteRtDispatchInterface, attach_input) == 0x68);
static_assert(offsetof(LiteRtDispatchInterface, invoke) == 0x88);
static_assert(offsetof(LiteRtDispatchInterface, check_runtime_compatibility) == 0xb8);
static_assert(sizeof(LiteRtDispatchInterface) == 0xd0);
static_assert(offsetof(LiteRtCustomTensorBufferHandlersDef, device_tag) == 56);
static_assert(sizeof(LiteRtCustomTensorBufferHandlersDef) == 136);
static_assert(offsetof(LiteRtDispatchApi, interface) == 24);
static_assert(sizeof(LiteRtDispatchApi) == 56);

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_DISPATCH_ABI_H_
