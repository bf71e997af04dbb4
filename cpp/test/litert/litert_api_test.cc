#include "litert/litert_api.h"

#include <doctest.h>

#include <cstdlib>
#include <string>

#include "has.h"
#include "temporary_file.h"

namespace sotto {
namespace {

// The message with which a library is refused.
std::string ApiRefusal(const std::string& path) {
  const auto api = LiteRtApi::Load(path);
  REQUIRE_FALSE(api.ok());
  CHECK(api.error().code == ErrorCode::kDevice);
  CHECK(api.error().message.find("ai-edge-litert 2.3 or newer") != std::string::npos);
  CHECK(api.error().message.find("SOTTO_LITERT") != std::string::npos);
  return api.error().message;
}

TEST_CASE("a library that is not there is named") {
  CHECK(
      Has(ApiRefusal("/nowhere/libLiteRt.so"), "can't load the LiteRT library /nowhere/libLiteRt"));
}

TEST_CASE("a file that is no library is named") {
  const TemporaryFile file("not a library");
  CHECK(Has(ApiRefusal(file.path()), "can't load the LiteRT library " + file.path()));
}

TEST_CASE("a library without LiteRT's functions is told by the first that it lacks") {
#ifdef __linux__
  CHECK(Has(ApiRefusal("libm.so.6"), "lacks the function LiteRtCreateEnvironment: it is older"));
#endif
}

TEST_CASE("a library of other arguments under the same names is refused, and never called") {
  CHECK(Has(ApiRefusal(SOTTO_OLD_LITERT), std::string(SOTTO_OLD_LITERT) + " is older than 2.1.6"));
  CHECK(LiteRtApi::Load(SOTTO_NEW_LITERT).ok());
}

TEST_CASE("without a path the environment's is taken, where it is not empty") {
  const char* before = std::getenv("SOTTO_LITERT");
  const std::string saved = before != nullptr ? before : "";
  setenv("SOTTO_LITERT", "/from/the/environment.so", 1);
  CHECK(Has(ApiRefusal(""), "/from/the/environment.so"));
  CHECK(Has(ApiRefusal("/given.so"), "/given.so"));
  setenv("SOTTO_LITERT", "", 1);
  const auto api = LiteRtApi::Load("");
  if (!api.ok()) CHECK(Has(api.error().message, "can't load the LiteRT library libLiteRt.so"));
  saved.empty() ? unsetenv("SOTTO_LITERT") : setenv("SOTTO_LITERT", saved.c_str(), 1);
}

TEST_CASE("a status is told by name and number") {
  const Error error = LiteRtError(ErrorCode::kModel, "a.tflite won't compile", 501);
  CHECK(error.code == ErrorCode::kModel);
  CHECK(error.message == "a.tflite won't compile: LiteRT reports an invalid flatbuffer (501)");
  CHECK(Has(LiteRtError(ErrorCode::kModel, "x", 12345).message, "an error (12345)"));
}

}  // namespace
}  // namespace sotto
