// SHA-256 (FIPS 180-4), to check a bundle's files against its manifest.

#ifndef SOTTO_SRC_BUNDLE_SHA256_H_
#define SOTTO_SRC_BUNDLE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sotto {

class Sha256 {
 public:
  enum class Path {
    kFastest,   // the CPU's SHA instructions where it has them: about five times as fast
    kPortable,  // plain C++; for tests
  };

  explicit Sha256(Path path = Path::kFastest);

  // Whether kFastest is the CPU's own instructions here.
  static bool Accelerated();

  void Update(const void* data, size_t size);

  // 64 lower-case hexadecimal digits. Ends the stream: call it once.
  std::string HexDigest();

 private:
  // Takes `blocks` blocks of 64 bytes into state [8].
  using Compress = void (*)(uint32_t* state, const uint8_t* data, size_t blocks);

  static Compress AcceleratedCompress();  // nullptr if the CPU has none

  Compress compress_;
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_{};  // the last, incomplete block
  size_t block_size_ = 0;
  uint64_t size_ = 0;  // bytes so far
};

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_SHA256_H_
