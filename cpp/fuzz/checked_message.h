// What every refusal must be: a message for people, in UTF-8, as sotto.h and Python hand it on.

#ifndef SOTTO_FUZZ_CHECKED_MESSAGE_H_
#define SOTTO_FUZZ_CHECKED_MESSAGE_H_

#include <cstdlib>

#include "sotto/error.h"
#include "sotto/tokenizer.h"

namespace sotto {

// Whether there is a value. Ends the process, which is a finding, at a refusal without such a
// message.
template <typename T>
bool Accepted(const Result<T>& result) {
  if (result.ok()) return true;
  const std::string& message = result.error().message;
  if (message.empty() || DecodeUtf8(message) != message) std::abort();
  return false;
}

}  // namespace sotto

#endif  // SOTTO_FUZZ_CHECKED_MESSAGE_H_
