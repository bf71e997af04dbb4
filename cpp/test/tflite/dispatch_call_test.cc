#include "tflite/dispatch_call.h"

#include <doctest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "temporary_file.h"

namespace sotto {
namespace {

using namespace std::string_view_literals;

// {"bytecode_offset": 4096, "bytecode_size": 70000, "name": "Partition_0"} by FlexBuffers.
constexpr std::string_view kOptions =
    "bytecode_offset\0bytecode_size\0name\0\x0bPartition_0\0\x03\x31\x22\x15\x03\0\0\0\x01\0"
    "\0\0\x03\0\0\0\0\x10\0\0\x70\x11\x01\0\x24\0\0\0\x06\x06\x14\x0f\x26\x01"sv;

Result<void> Check(std::string_view options, size_t file_size = 100000) {
  // Exactly as large, so that a sanitizer sees each byte read too far.
  const std::vector<uint8_t> bytes(options.begin(), options.end());
  return CheckDispatchOptions(bytes.data(), bytes.size(), file_size);
}

TEST_CASE("A call of code inside the file is taken") { CHECK(Check(kOptions).ok()); }

TEST_CASE("Code that reaches beyond the file is refused") {
  CHECK(Check(kOptions, 4096 + 70000).ok());
  CHECK(Check(kOptions, 4096 + 70000 - 1).error().message.find("beyond the file") !=
        std::string::npos);
}

TEST_CASE("Options that are cut off or of another kind are refused") {
  for (size_t size = 0; size < kOptions.size(); ++size) {
    CHECK_FALSE(Check(kOptions.substr(0, size)).ok());
    if (size > 0) CHECK_FALSE(Check(kOptions.substr(size)).ok());
  }
  std::string other(kOptions);
  other[other.find("size")] = 'S';
  CHECK_FALSE(Check(other).ok());
}

TEST_CASE("Whatever bytes the options have, they are read within their bounds") {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    static_cast<void>(Check(Mutate(std::string(kOptions), &random)));
  }
}

}  // namespace
}  // namespace sotto
