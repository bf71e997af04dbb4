// A LiteRT dispatch library for any Linux machine: what stands at the place of MediaTek's own when
// the runtime takes the path that it takes on a phone. It runs the graphs that Sotto's neuron_host
// recorded (network_file.h) in an NPU's arithmetic, and refuses code for a device. The environment
// says how: DispatchSettings.

#include <sys/stat.h>

#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "device_memory.h"
#include "dispatch_abi.h"
#include "invocation.h"

#define SOTTO_EXPORT extern "C" __attribute__((visibility("default")))

namespace sotto::neuron {

struct LiteRtDispatchDeviceContextT {
  const LiteRtRuntimeContext* litert = nullptr;
  DispatchSettings settings;
  std::map<uint64_t, std::unique_ptr<RegisteredBuffer>> buffers;
  uint64_t next = 1;

  const RegisteredBuffer* Find(uint64_t handle) const {
    const auto found = buffers.find(handle);
    return found == buffers.end() ? nullptr : found->second.get();
  }
};

struct LiteRtDispatchInvocationContextT {
  LiteRtDispatchDeviceContextT* device = nullptr;
  std::unique_ptr<Invocation> invocation;
};

namespace {

bool quiet = false;  // where LiteRT's own errors are not wanted, either
thread_local std::string fault;

LiteRtStatus Complain(LiteRtStatus status, const std::string& message) {
  fault = message;
  if (!quiet) std::fprintf(stderr, "sotto npu dispatch: %s\n", message.c_str());
  return status;
}

// A C interface: nothing may be thrown through it.
template <typename Call>
LiteRtStatus Guarded(LiteRtStatus failure, const Call& call) {
  try {
    const sotto::Result<void> done = call();
    return done.ok() ? kLiteRtStatusOk : Complain(failure, done.error().message);
  } catch (const std::bad_alloc&) {
    return Complain(kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return Complain(kRuntimeFailure, error.what());
  }
}

bool WantsErrors(const LiteRtRuntimeContext* litert, LiteRtEnvironment environment) {
  LiteRtEnvironmentOptions options = nullptr;
  LiteRtAny severity{};
  return litert->get_environment_options(environment, &options) != kLiteRtStatusOk ||
         litert->get_environment_options_value(options, kLiteRtEnvOptionTagMinLoggerSeverity,
                                               &severity) != kLiteRtStatusOk ||
         severity.type != kLiteRtAnyTypeInt || severity.int_value <= kLiteRtLogSeverityError;
}

LiteRtStatus Initialize(const LiteRtRuntimeContext* litert, LiteRtEnvironment environment,
                        LiteRtOptions) {
  quiet = !WantsErrors(litert, environment);
  return Guarded(kInvalidArgument, []() -> sotto::Result<void> {
    SOTTO_ASSIGN_OR_RETURN(const auto settings, DispatchSettings::FromEnvironment());
    static_cast<void>(settings);
    return {};
  });
}

LiteRtStatus GetVendorId(const char** id) {
  *id = "Sotto";
  return kLiteRtStatusOk;
}

LiteRtStatus GetBuildId(const char** id) {
  *id = "sotto neuron_host " SOTTO_VERSION;
  return kLiteRtStatusOk;
}

LiteRtStatus GetCapabilities(int* capabilities) {
  *capabilities = kCapabilitiesBasic;
  return kLiteRtStatusOk;
}

LiteRtStatus DeviceContextCreate(const LiteRtRuntimeContext* litert, LiteRtOptions,
                                 LiteRtDispatchDeviceContext* context) {
  return Guarded(kInvalidArgument, [&]() -> sotto::Result<void> {
    auto made = std::make_unique<LiteRtDispatchDeviceContextT>();
    made->litert = litert;
    SOTTO_ASSIGN_OR_RETURN(made->settings, DispatchSettings::FromEnvironment());
    *context = made.release();
    return {};
  });
}

LiteRtStatus DeviceContextDestroy(LiteRtDispatchDeviceContext context) {
  delete context;
  return kLiteRtStatusOk;
}

LiteRtStatus Requirements(LiteRtDispatchInvocationContext context, bool input, int index,
                          LiteRtTensorBufferRequirements* requirements) {
  return Guarded(kRuntimeFailure, [&]() -> sotto::Result<void> {
    SOTTO_ASSIGN_OR_RETURN(*requirements, context->invocation->Requirements(input, index));
    return {};
  });
}

LiteRtStatus GetInputRequirements(LiteRtDispatchInvocationContext context, int index,
                                  const LiteRtRankedTensorType*,
                                  LiteRtTensorBufferRequirements* requirements) {
  return Requirements(context, true, index, requirements);
}

LiteRtStatus GetOutputRequirements(LiteRtDispatchInvocationContext context, int index,
                                   const LiteRtRankedTensorType*,
                                   LiteRtTensorBufferRequirements* requirements) {
  return Requirements(context, false, index, requirements);
}

LiteRtStatus RegisterTensorBuffer(LiteRtDispatchDeviceContext context, LiteRtTensorBuffer buffer,
                                  LiteRtTensorBufferHandle* handle) {
  return Guarded(kUnsupported, [&]() -> sotto::Result<void> {
    const LiteRtRuntimeContext& litert = *context->litert;
    auto registered = std::make_unique<RegisteredBuffer>();
    registered->buffer = buffer;
    int type = 0;
    void* memory = nullptr;
    bool known = litert.get_tensor_buffer_type(buffer, &type) == kLiteRtStatusOk &&
                 litert.get_tensor_buffer_size(buffer, &registered->bytes) == kLiteRtStatusOk;
    if (known && type == kDeviceMemoryType) {
      known =
          litert.get_tensor_buffer_custom_tensor_buffer_handle(buffer, &memory) == kLiteRtStatusOk;
      registered->memory = static_cast<DeviceMemory*>(memory);
    } else {
      known = known && type == kLiteRtTensorBufferTypeHostMemory;
    }
    if (!known) {
      return Error{ErrorCode::kModel,
                   "a buffer of LiteRT's type " + std::to_string(type) + " can't be used"};
    }
    *handle = context->next++;
    context->buffers[*handle] = std::move(registered);
    return {};
  });
}

LiteRtStatus UnregisterTensorBuffer(LiteRtDispatchDeviceContext context,
                                    LiteRtTensorBufferHandle handle) {
  context->buffers.erase(handle);
  return kLiteRtStatusOk;
}

// Whether the file holds what LiteRT says; a model that is not in a file can't be asked.
sotto::Result<void> CheckRange(const LiteRtMemBuffer& code) {
  struct stat file{};
  if (code.fd < 0 || fstat(code.fd, &file) != 0) return {};
  const auto size = static_cast<size_t>(file.st_size);
  if (code.offset <= size && code.size <= size - code.offset) return {};
  return Error{ErrorCode::kModel, "the model's bytecode lies outside its file, which is cut off"};
}

LiteRtStatus InvocationContextCreate(const LiteRtRuntimeContext* litert,
                                     LiteRtDispatchDeviceContext device, int type,
                                     const LiteRtMemBuffer* code, const char* function_name,
                                     int inputs, int outputs,
                                     LiteRtDispatchInvocationContext* context) {
  return Guarded(kIncompatibleBytecode, [&]() -> sotto::Result<void> {
    if (type != kExecutableMlModel || code->base_addr == nullptr || inputs < 0 || outputs < 0) {
      return Error{ErrorCode::kModel, "the model has no bytecode"};
    }
    SOTTO_RETURN_IF_ERROR(CheckRange(*code));
    auto made = std::make_unique<LiteRtDispatchInvocationContextT>();
    made->device = device;
    SOTTO_ASSIGN_OR_RETURN(
        made->invocation,
        Invocation::Create(litert, device->settings,
                           static_cast<const uint8_t*>(code->base_addr) + code->offset, code->size,
                           function_name == nullptr ? "" : function_name,
                           static_cast<size_t>(inputs), static_cast<size_t>(outputs)));
    *context = made.release();
    return {};
  });
}

LiteRtStatus InvocationContextDestroy(LiteRtDispatchInvocationContext context) {
  delete context;
  return kLiteRtStatusOk;
}

LiteRtStatus Attach(LiteRtDispatchInvocationContext context, bool input, int index,
                    LiteRtTensorBufferHandle handle) {
  return Guarded(kInvalidArgument, [&]() -> sotto::Result<void> {
    const RegisteredBuffer* buffer = context->device->Find(handle);
    if (buffer == nullptr) return Error{ErrorCode::kModel, "a buffer was not registered"};
    return context->invocation->Attach(input, index, buffer);
  });
}

LiteRtStatus Detach(LiteRtDispatchInvocationContext context, bool input, int index,
                    LiteRtTensorBufferHandle handle) {
  context->invocation->Detach(input, index, context->device->Find(handle));
  return kLiteRtStatusOk;
}

LiteRtStatus AttachInput(LiteRtDispatchInvocationContext context, int index,
                         LiteRtTensorBufferHandle handle) {
  return Attach(context, true, index, handle);
}

LiteRtStatus AttachOutput(LiteRtDispatchInvocationContext context, int index,
                          LiteRtTensorBufferHandle handle) {
  return Attach(context, false, index, handle);
}

LiteRtStatus DetachInput(LiteRtDispatchInvocationContext context, int index,
                         LiteRtTensorBufferHandle handle) {
  return Detach(context, true, index, handle);
}

LiteRtStatus DetachOutput(LiteRtDispatchInvocationContext context, int index,
                          LiteRtTensorBufferHandle handle) {
  return Detach(context, false, index, handle);
}

// LiteRT has compared the versions already, and wants to be told so.
LiteRtStatus CheckRuntimeCompatibility(LiteRtApiVersion, LiteRtEnvironmentOptions, LiteRtOptions) {
  return kLiteRtStatusOk;
}

LiteRtStatus Invoke(LiteRtDispatchInvocationContext context) {
  return Guarded(kRuntimeFailure, [&] { return context->invocation->Run(); });
}

constexpr LiteRtDispatchInterface kInterface = {
    Initialize,
    GetVendorId,
    GetBuildId,
    GetCapabilities,
    DeviceContextCreate,
    DeviceContextDestroy,
    GetInputRequirements,
    GetOutputRequirements,
    RegisterTensorBuffer,
    UnregisterTensorBuffer,
    InvocationContextCreate,
    InvocationContextDestroy,
    nullptr,
    AttachInput,
    AttachOutput,
    DetachInput,
    DetachOutput,
    Invoke,
    {},
    CheckRuntimeCompatibility,
    nullptr,
    nullptr,
};

}  // namespace
}  // namespace sotto::neuron

SOTTO_EXPORT int LiteRtDispatchGetApi(sotto::neuron::LiteRtDispatchApi* api) {
  using namespace sotto::neuron;
  *api = {{sizeof(LiteRtDispatchApi), 1, 0, 0},
          kLiteRtApiVersion,
          &kInterface,
          nullptr,
          nullptr,
          &DeviceMemory::Handlers()};
  return sotto::kLiteRtStatusOk;
}

// By this name the runtime tells this library from a device's. The last fault of the calling
// thread, which LiteRT passes on as a number alone; empty if there was none. It is told once.
SOTTO_EXPORT const char* SottoNpuDispatchFault() {
  static thread_local std::string told;
  told.clear();
  told.swap(sotto::neuron::fault);
  return told.c_str();
}
