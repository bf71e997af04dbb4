// XXH64: a hash that is as fast as memory, and finds damage. It is no defence against an attacker.
//
// Yann Collet, "xxHash fast digest algorithm", version 0.1.1 (doc/xxhash_spec.md).

#ifndef SOTTO_SRC_BASE_XXH64_H_
#define SOTTO_SRC_BASE_XXH64_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sotto {

// The hash with seed 0 of the bytes of all updates together.
class Xxh64 {
 public:
  void Update(const void* data, size_t size);

  uint64_t Digest() const;

 private:
  static constexpr size_t kStripe = 32;  // bytes that are taken in at once, 8 a lane

  // Takes in `stripes` stripes.
  void Consume(const uint8_t* data, size_t stripes);

  std::array<uint64_t, 4> lanes_ = {0x60ea27eeadc0b5d6, 0xc2b2ae3d27d4eb4f, 0, 0x61c8864e7a143579};
  std::array<uint8_t, kStripe> rest_{};  // the last, incomplete stripe
  uint64_t size_ = 0;                    // bytes so far
};

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_XXH64_H_
