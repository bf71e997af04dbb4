#include "base/xxh64.h"

#include <algorithm>
#include <cstring>

namespace sotto {
namespace {

constexpr uint64_t kPrime1 = 0x9e3779b185ebca87;
constexpr uint64_t kPrime2 = 0xc2b2ae3d27d4eb4f;
constexpr uint64_t kPrime3 = 0x165667b19e3779f9;
constexpr uint64_t kPrime4 = 0x85ebca77c2b2ae63;
constexpr uint64_t kPrime5 = 0x27d4eb2f165667c5;

uint64_t Rotate(uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }

// As on every machine that Sotto is built for, numbers are little-endian, like the algorithm's.
template <typename T>
uint64_t Read(const uint8_t* data) {
  T value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

uint64_t Round(uint64_t lane, uint64_t input) {
  return Rotate(lane + input * kPrime2, 31) * kPrime1;
}

}  // namespace

void Xxh64::Consume(const uint8_t* data, size_t stripes) {
  std::array<uint64_t, 4> lanes = lanes_;  // in registers
  for (; stripes > 0; --stripes, data += kStripe) {
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      lanes[lane] = Round(lanes[lane], Read<uint64_t>(data + 8 * lane));
    }
  }
  lanes_ = lanes;
}

void Xxh64::Update(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  const auto filled = static_cast<size_t>(size_ % kStripe);
  size_ += size;
  if (filled > 0) {
    const size_t taken = std::min(size, kStripe - filled);
    std::memcpy(rest_.data() + filled, bytes, taken);
    if (filled + taken < kStripe) return;
    Consume(rest_.data(), 1);
    bytes += taken;
    size -= taken;
  }
  Consume(bytes, size / kStripe);
  const size_t left = size % kStripe;
  if (left > 0) std::memcpy(rest_.data(), bytes + (size - left), left);
}

uint64_t Xxh64::Digest() const {
  uint64_t hash = kPrime5;
  if (size_ >= kStripe) {
    hash =
        Rotate(lanes_[0], 1) + Rotate(lanes_[1], 7) + Rotate(lanes_[2], 12) + Rotate(lanes_[3], 18);
    for (const uint64_t lane : lanes_) hash = (hash ^ Round(0, lane)) * kPrime1 + kPrime4;
  }
  hash += size_;
  const uint8_t* data = rest_.data();
  const uint8_t* const end = data + size_ % kStripe;
  for (; end - data >= 8; data += 8) {
    hash = Rotate(hash ^ Round(0, Read<uint64_t>(data)), 27) * kPrime1 + kPrime4;
  }
  for (; end - data >= 4; data += 4) {
    hash = Rotate(hash ^ (Read<uint32_t>(data) * kPrime1), 23) * kPrime2 + kPrime3;
  }
  for (; data < end; ++data) hash = Rotate(hash ^ (*data * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace sotto
