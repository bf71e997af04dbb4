#include "bundle/npy.h"

#include <doctest.h>

#include <cstring>
#include <random>
#include <string>

#include "has.h"
#include "temporary_file.h"

namespace sotto {
namespace {

std::string Npy(const std::string& dictionary, const std::string& data, int version = 1) {
  const size_t prefix = version == 1 ? 10 : 12;
  std::string header = dictionary;
  while ((prefix + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (size_t i = 0; i < prefix - 8; ++i) file += static_cast<char>(header.size() >> (8 * i));
  return file + header + data;
}

std::string Dictionary(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

std::string Floats(size_t n) {
  std::string bytes;
  for (size_t i = 0; i < n; ++i) {
    const auto value = static_cast<float>(i);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return bytes;
}

Result<MappedNpy> Open(const std::string& bytes) {
  return MappedNpy::Open(FileView::InMemory("some.npy", bytes));
}

// The message with which `bytes` is refused.
std::string NpyRefusal(const std::string& bytes) {
  const Result<MappedNpy> npy = Open(bytes);
  REQUIRE_FALSE(npy.ok());
  CHECK(npy.error().code == ErrorCode::kBundle);
  CHECK(npy.error().message.find("some.npy: ") == 0);
  return npy.error().message;
}

TEST_CASE("a float32 table is mapped with its shape and values, in versions 1 and 2") {
  for (const int version : {1, 2}) {
    const std::string file = Npy(Dictionary("<f4", "(2, 3)"), Floats(6), version);
    const Result<MappedNpy> npy = Open(file);
    REQUIRE(npy.ok());
    CHECK(npy->dtype() == NpyType::kFloat32);
    CHECK(npy->shape() == std::vector<size_t>{2, 3});
    CHECK(npy->size() == 6);
    REQUIRE(npy->As<float>() != nullptr);
    CHECK(npy->As<float>()[5] == 5.0f);
    CHECK(npy->As<int8_t>() == nullptr);
    CHECK(npy->As<uint16_t>() == nullptr);
    CHECK(npy->Expect(NpyType::kFloat32, {2, 3}).ok());
  }
}

TEST_CASE("a mapping outlives a move") {
  const std::string file = Npy(Dictionary("<f4", "(2,)"), Floats(2));
  Result<MappedNpy> first = Open(file);
  REQUIRE(first.ok());
  MappedNpy second = std::move(first).value();
  MappedNpy third = std::move(second);
  CHECK(third.As<float>()[1] == 1.0f);
}

TEST_CASE("float16, int8, scalars and empty arrays are read") {
  struct Case {
    std::string dictionary;
    size_t size;
  };
  for (const Case& array :
       {Case{Dictionary("<f2", "(3,)"), 6}, Case{Dictionary("|i1", "(2, 2)"), 4},
        Case{Dictionary("<f4", "()"), 4}, Case{Dictionary("<f4", "(0, 7)"), 0}}) {
    CAPTURE(array.dictionary);
    const std::string file = Npy(array.dictionary, std::string(array.size, '\1'));
    CHECK(Open(file).ok());
  }
}

TEST_CASE("a table of another type or shape than expected is refused with both") {
  const std::string file = Npy(Dictionary("<f4", "(2, 3)"), Floats(6));
  const Result<MappedNpy> npy = Open(file);
  REQUIRE(npy.ok());
  const Result<void> result = npy->Expect(NpyType::kFloat16, {6});
  REQUIRE_FALSE(result.ok());
  CHECK(Has(result.error().message, "holds float32 [2, 3]; expected float16 [6]"));
}

TEST_CASE("data of another size than the shape's is refused") {
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(2, 3)"), Floats(5))), "20 bytes"));
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(2, 3)"), Floats(7))), "28 bytes"));
}

TEST_CASE("a shape whose size overflows is refused") {
  NpyRefusal(Npy(Dictionary("<f4", "(4294967296, 4294967296)"), ""));
  NpyRefusal(Npy(Dictionary("<f4", "(4611686018427387904, 4)"), ""));
  NpyRefusal(Npy(Dictionary("<f4", "(4611686018427387904,)"), ""));
  NpyRefusal(Npy(Dictionary("<f4", "(99999999999999999999999,)"), ""));
}

TEST_CASE("other types, orders, versions and headers are refused") {
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f8", "(1,)"), std::string(8, '\0'))), "'<f4'"));
  CHECK(Has(NpyRefusal(Npy(Dictionary(">f4", "(1,)"), Floats(1))), "'<f4'"));
  CHECK(Has(NpyRefusal(Npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", Floats(1))),
            "Fortran"));
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(1,)"), Floats(1), 3)), "version is 3.0"));
  CHECK(Has(NpyRefusal(Npy("{'descr': '<f4', 'shape': (1,), }", Floats(1))), "missing"));
  CHECK(Has(NpyRefusal(Npy("{'descr': '<f4', 'descr': '<f4', }", Floats(1))), "twice"));
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(1,)") + "x", Floats(1))), "follows"));
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(1 2)"), Floats(1))), "shape"));
  CHECK(Has(NpyRefusal(Npy(Dictionary("<f4", "(-1,)"), Floats(1))), "shape"));
  CHECK(Has(NpyRefusal("PK\x03\x04 not an array"), "first bytes"));
  CHECK(Has(NpyRefusal(""), "is empty"));
  CHECK(Has(NpyRefusal("\x93NUMPY"), "too short"));
}

TEST_CASE("damaged .npy files give errors or arrays that can be read, never a crash") {
  std::mt19937 random(2);
  const std::string whole = Npy(Dictionary("<f4", "(5, 3)"), Floats(15));
  size_t opened = 0;
  for (int i = 0; i < 3000; ++i) {
    const Result<MappedNpy> npy = Open(Mutate(whole, &random));
    if (!npy.ok()) continue;
    ++opened;
    unsigned sum = 0;
    const auto* bytes = static_cast<const unsigned char*>(npy->data());
    for (size_t j = 0; j < npy->size() * NpyTypeSize(npy->dtype()); ++j) sum += bytes[j];
    CHECK(sum < 1u << 24);
  }
  CHECK(opened < 3000);
}

}  // namespace
}  // namespace sotto
