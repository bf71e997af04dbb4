#include "base/log.h"
#include "capi/handles.h"

namespace sotto::capi {
namespace {

sotto_error_code CodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAudio:
      return SOTTO_ERROR_AUDIO;
    case ErrorCode::kBundle:
      return SOTTO_ERROR_BUNDLE;
    case ErrorCode::kModel:
      return SOTTO_ERROR_MODEL;
    case ErrorCode::kOption:
      return SOTTO_ERROR_OPTION;
    case ErrorCode::kDevice:
      return SOTTO_ERROR_DEVICE;
    case ErrorCode::kOutput:
      return SOTTO_ERROR_OUTPUT;
    case ErrorCode::kCancelled:
      return SOTTO_ERROR_CANCELLED;
    case ErrorCode::kImage:
      return SOTTO_ERROR_IMAGE;
  }
  return SOTTO_ERROR_MODEL;
}

// It is made before it is needed, and never freed.
sotto_error* OutOfMemory() {
  static auto* error = new sotto_error{SOTTO_ERROR_MEMORY, "out of memory"};
  return error;
}

sotto_error* const kMadeAtStart = OutOfMemory();

}  // namespace

void Fail(const Error& error, sotto_error** out) noexcept {
  if (out == nullptr) return;
  try {
    *out = new sotto_error{CodeOf(error.code), error.message};
  } catch (const std::bad_alloc&) {
    FailForMemory(out);
  }
}

void FailForMemory(sotto_error** out) noexcept {
  if (out != nullptr) *out = OutOfMemory();
}

}  // namespace sotto::capi

const char* sotto_version(void) { return SOTTO_VERSION; }

sotto_error_code sotto_error_get_code(const sotto_error* error) { return error->code; }

const char* sotto_error_get_message(const sotto_error* error) { return error->message.c_str(); }

void sotto_error_free(sotto_error* error) {
  if (error != sotto::capi::kMadeAtStart) delete error;
}

void sotto_set_log(sotto_log_callback callback, void* user) {
  if (callback == nullptr) {
    sotto::SetLogSink(nullptr);
    return;
  }
  sotto::SetLogSink([callback, user](sotto::LogLevel level, const std::string& message) {
    callback(static_cast<sotto_log_level>(level), message.c_str(), user);
  });
}
