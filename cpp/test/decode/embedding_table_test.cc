// Rows are compared with NumPy's over all values in test/runtime/test_embedding_table.py.

#include "decode/embedding_table.h"

#include <doctest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace sotto {
namespace {

template <typename T>
std::string Npy(const std::string& descr, const std::string& shape, const std::vector<T>& data) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + "}";
  header.resize(118, ' ');
  std::string file("\x93NUMPY\x01\x00\x76\x00", 10);
  file += header;
  file.append(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(T));
  return file;
}

std::shared_ptr<const FileView> File(const std::string& bytes) {
  return FileView::InMemory("some.npy", bytes);
}

std::vector<float> Row(const EmbeddingTable& table, int token) {
  std::vector<float> row(table.width());
  REQUIRE(table.Row(token, row.data()).ok());
  return row;
}

TEST_CASE("rows of a float32 table are copied") {
  const auto file = File(Npy<float>("<f4", "(2, 3)", {1, 2, 3, 4, 5, 6}));
  const Result<EmbeddingTable> table = EmbeddingTable::Open(file, nullptr, 2, 3);
  REQUIRE(table.ok());
  CHECK(Row(*table, 0) == std::vector<float>{1, 2, 3});
  CHECK(Row(*table, 1) == std::vector<float>{4, 5, 6});
}

TEST_CASE("rows of an int8 table are multiplied by their scale") {
  const auto file = File(Npy<int8_t>("|i1", "(2, 3)", {1, -2, 127, -128, 0, 6}));
  const auto scales = File(Npy<float>("<f4", "(2,)", {0.5f, 0.25f}));
  const Result<EmbeddingTable> table = EmbeddingTable::Open(file, scales, 2, 3);
  REQUIRE(table.ok());
  CHECK(Row(*table, 0) == std::vector<float>{0.5f, -1.0f, 63.5f});
  CHECK(Row(*table, 1) == std::vector<float>{-32.0f, 0.0f, 1.5f});
}

TEST_CASE("rows may be inside another file, if they are whole there") {
  const auto file = File("graph" + std::string("\x01\xfe\x7f\x80\x00\x06", 6) + "rest");
  const auto scales = File(Npy<float>("<f4", "(2,)", {0.5f, 0.25f}));
  TokenTable place = {file, 5, "int8", scales};
  const Result<EmbeddingTable> table = EmbeddingTable::Open(place, 2, 3);
  REQUIRE(table.ok());
  CHECK(Row(*table, 0) == std::vector<float>{0.5f, -1.0f, 63.5f});
  CHECK(Row(*table, 1) == std::vector<float>{-32.0f, 0.0f, 1.5f});

  const auto refused = [&](size_t offset, const std::string& dtype) {
    place.offset = offset;
    place.dtype = dtype;
    const Result<EmbeddingTable> result = EmbeddingTable::Open(place, 2, 3);
    return !result.ok() && result.error().code == ErrorCode::kBundle;
  };
  CHECK(refused(10, "int8"));  // reaches beyond the end
  CHECK(refused(SIZE_MAX, "int8"));
  CHECK(refused(0, "fp32"));  // four times as many bytes
  CHECK(refused(1, "fp16"));  // not aligned
  CHECK(refused(5, "int4"));
}

TEST_CASE("halves become exactly the same floats, at every place in a row") {
  // One, least normal, largest and least subnormal, maximum, infinities, zeros, and a third.
  const std::vector<uint16_t> halves = {0x3c00, 0x0400, 0x03ff, 0x0001, 0x7bff, 0x7c00,
                                        0xfc00, 0x0000, 0x8000, 0x3555, 0xbc00};
  const std::vector<float> floats = {1.0f,     0x1p-14f,        0x1.ff8p-15f, 0x1p-24f,
                                     65504.0f, INFINITY,        -INFINITY,    0.0f,
                                     -0.0f,    0.333251953125f, -1.0f};
  for (size_t offset = 0; offset < halves.size(); ++offset) {
    std::vector<float> out(halves.size() - offset);
    HalfToFloat(halves.data() + offset, out.size(), out.data());
    CHECK(std::memcmp(out.data(), floats.data() + offset, out.size() * sizeof(float)) == 0);
  }
  float nan[9];
  HalfToFloat(std::vector<uint16_t>(9, 0x7e01).data(), 9, nan);
  CHECK(std::isnan(nan[0]));
  CHECK(std::isnan(nan[8]));
}

TEST_CASE("a token outside the table is an error and leaves the output alone") {
  const auto file = File(Npy<float>("<f4", "(2, 3)", {1, 2, 3, 4, 5, 6}));
  const Result<EmbeddingTable> table = EmbeddingTable::Open(file, nullptr, 2, 3);
  REQUIRE(table.ok());
  for (const int token : {-1, 2, 1 << 30}) {
    float row[3] = {9, 9, 9};
    const Result<void> result = table->Row(token, row);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == ErrorCode::kModel);
    CHECK(row[0] == 9);
  }
}

TEST_CASE("a table of another shape, or scales that don't go with it, are refused") {
  const auto floats = File(Npy<float>("<f4", "(2, 3)", {1, 2, 3, 4, 5, 6}));
  const auto bytes = File(Npy<int8_t>("|i1", "(2, 3)", {1, 2, 3, 4, 5, 6}));
  const auto scales = File(Npy<float>("<f4", "(3,)", {1, 1, 1}));
  const auto refused = [](const Result<EmbeddingTable>& table) {
    return !table.ok() && table.error().code == ErrorCode::kBundle;
  };
  CHECK(refused(EmbeddingTable::Open(floats, nullptr, 3, 2)));
  CHECK(refused(EmbeddingTable::Open(floats, scales, 2, 3)));
  CHECK(refused(EmbeddingTable::Open(bytes, nullptr, 2, 3)));
  CHECK(refused(EmbeddingTable::Open(bytes, scales, 2, 3)));
  CHECK(refused(EmbeddingTable::Open(bytes, bytes, 2, 3)));
}

}  // namespace
}  // namespace sotto
