#include "sotto/error.h"

namespace sotto {

const char* ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAudio:
      return "audio";
    case ErrorCode::kImage:
      return "image";
    case ErrorCode::kBundle:
      return "bundle";
    case ErrorCode::kModel:
      return "model";
    case ErrorCode::kOption:
      return "option";
    case ErrorCode::kDevice:
      return "device";
    case ErrorCode::kOutput:
      return "output";
    case ErrorCode::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace sotto
