#include "sotto/error.h"

#include <doctest.h>

#include <string>

namespace sotto {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return Error{ErrorCode::kOption, "value is odd"};
  return value / 2;
}

Result<int> Quarter(int value) {
  SOTTO_ASSIGN_OR_RETURN(const int half, Half(value));
  return Half(half);
}

TEST_CASE("a result is a value or the first error on the way") {
  CHECK(*Quarter(8) == 2);
  CHECK(Quarter(6).error().message == "value is odd");
  CHECK(Quarter(3).error().code == ErrorCode::kOption);
}

TEST_CASE("every error code has a name") {
  for (const ErrorCode code :
       {ErrorCode::kAudio, ErrorCode::kImage, ErrorCode::kBundle, ErrorCode::kModel,
        ErrorCode::kOption, ErrorCode::kDevice, ErrorCode::kOutput, ErrorCode::kCancelled}) {
    CHECK(std::string(ErrorCodeName(code)) != "unknown");
  }
}

}  // namespace
}  // namespace sotto
