// How a call that takes long is ended from outside.

#ifndef SOTTO_SRC_BASE_CANCELLATION_H_
#define SOTTO_SRC_BASE_CANCELLATION_H_

#include <functional>

#include "sotto/error.h"

namespace sotto {

// kCancelled if `cancelled`, which may be empty, agrees. A graph can't be stopped while it runs, so
// this is asked right before each run: a call ends one run late at most.
inline Result<void> StopIf(const std::function<bool()>& cancelled) {
  if (!cancelled || !cancelled()) return {};
  return Error{ErrorCode::kCancelled, "the transcription was cancelled"};
}

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_CANCELLATION_H_
