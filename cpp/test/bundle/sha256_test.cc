// Random lengths are compared with hashlib in test/runtime/test_sha256.py.

#include "bundle/sha256.h"

#include <doctest.h>

#include <random>
#include <string>
#include <utility>

namespace sotto {
namespace {

std::string Digest(const std::string& bytes, Sha256::Path path) {
  Sha256 hash(path);
  hash.Update(bytes.data(), bytes.size());
  return hash.HexDigest();
}

TEST_CASE("SHA-256 gives NIST's digests") {
  // FIPS 180-4 examples (csrc.nist.gov, SHA256.pdf) and the empty message.
  const std::pair<std::string, const char*> examples[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& [message, digest] : examples) {
    CHECK(Digest(message, Sha256::Path::kPortable) == digest);
    CHECK(Digest(message, Sha256::Path::kFastest) == digest);
  }
}

TEST_CASE("the CPU's SHA instructions and plain C++ agree around every block border") {
  if (!Sha256::Accelerated()) MESSAGE("this CPU has no SHA instructions");
  std::mt19937 random(4);
  for (size_t size = 0; size < 400; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    CHECK(Digest(bytes, Sha256::Path::kFastest) == Digest(bytes, Sha256::Path::kPortable));
  }
}

TEST_CASE("a message in pieces has the digest of the whole") {
  std::mt19937 random(5);
  std::string bytes(5000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const std::string whole = Digest(bytes, Sha256::Path::kPortable);
  for (int i = 0; i < 50; ++i) {
    Sha256 hash;
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t size = std::min<size_t>(random() % 200, bytes.size() - begin);
      hash.Update(bytes.data() + begin, size);
      begin += size;
    }
    CHECK(hash.HexDigest() == whole);
  }
}

}  // namespace
}  // namespace sotto
