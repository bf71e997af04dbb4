#include "base/xxh64.h"

#include <doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace sotto {
namespace {

std::vector<uint8_t> Bytes(size_t n) {
  std::vector<uint8_t> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i * 167 + 13);
  return bytes;
}

// By Python's xxhash 4.1.0 (XXH64 of the xxHash library 0.8.4):
//   xxhash.xxh64(bytes((i * 167 + 13) & 255 for i in range(n))).hexdigest()
const std::vector<std::pair<size_t, uint64_t>> kReference = {
    {0, 0xef46db3751d8e999},   {1, 0x2078e1ad38ad738b},    {3, 0x634d95fc01a189cd},
    {4, 0xeed340908a1ac6c6},   {7, 0x0da493621d6dc898},    {8, 0x76f916c7bb523126},
    {12, 0xfb52f89a1dc449d2},  {31, 0x65c5feb01da7464d},   {32, 0x7665c921c9bf2ec7},
    {33, 0xb5a9d9ef259ae821},  {63, 0xb0289cd9324034f0},   {64, 0xfff2525c99bf2005},
    {100, 0x74e502db362efd4c}, {1000, 0x626443c8029d0542}, {100000, 0x684617eb7d28ba2d},
};

TEST_CASE("XXH64 is the reference's at every length around a stripe") {
  for (const auto& [size, expected] : kReference) {
    CAPTURE(size);
    Xxh64 hash;
    hash.Update(Bytes(size).data(), size);
    CHECK(hash.Digest() == expected);
  }
}

TEST_CASE("XXH64 does not depend on how the bytes are cut") {
  const std::vector<uint8_t> bytes = Bytes(1000);
  for (const size_t piece : {1u, 5u, 31u, 32u, 33u, 64u, 999u}) {
    CAPTURE(piece);
    Xxh64 hash;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      hash.Update(bytes.data() + at, std::min(piece, bytes.size() - at));
    }
    CHECK(hash.Digest() == 0x626443c8029d0542);
  }
}

}  // namespace
}  // namespace sotto
