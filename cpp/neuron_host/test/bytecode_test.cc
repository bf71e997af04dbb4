#include "bytecode.h"

#include <doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace sotto::neuron {
namespace {

// Writes what LiteRT's MediaTek plugin does, for one partition: a flatbuffer of tables, each behind
// the vtable that says where its fields are.
class Bytecode {
 public:
  Bytecode(const std::string& name, const std::string& code) {
    Put32(0);
    const size_t graphs = Table({0, 4, 8}, 12);
    Point(0, graphs);
    const size_t subgraphs = Vector(graphs + 4, 1);
    const size_t subgraph = Table({4, 0, 12, 8}, 16);
    Point(subgraphs, subgraph);
    bytes_[subgraph + 12] = 1;  // the index is a number
    const size_t index = Table({4}, 8);
    Point(subgraph + 8, index);
    index_ = index + 4;
    Text(subgraph + 4, name);
    const size_t data = Vector(graphs + 8, 1);
    const size_t buffer = Table({0, 4}, 8);
    Point(data, buffer);
    Text(buffer + 4, code);
  }

  const std::vector<uint8_t>& bytes() const { return bytes_; }
  void SetIndex(uint32_t value) { Write32(index_, value); }

 private:
  size_t Put32(uint32_t value) {
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
    const size_t at = bytes_.size();
    bytes_.resize(at + 4);
    Write32(at, value);
    return at;
  }
  void Write32(size_t at, uint32_t value) { std::memcpy(&bytes_[at], &value, 4); }
  void Point(size_t from, size_t to) { Write32(from, static_cast<uint32_t>(to - from)); }

  // Of `size` bytes, zero; its place.
  size_t Table(const std::vector<uint16_t>& fields, size_t size) {
    const size_t vtable = Put32(0);
    std::vector<uint16_t> entries = {static_cast<uint16_t>(4 + 2 * fields.size()),
                                     static_cast<uint16_t>(size)};
    entries.insert(entries.end(), fields.begin(), fields.end());
    bytes_.resize(vtable + 2 * entries.size());
    std::memcpy(&bytes_[vtable], entries.data(), 2 * entries.size());
    const size_t table = Put32(0);
    Write32(table, static_cast<uint32_t>(table - vtable));
    bytes_.resize(table + size);
    return table;
  }

  // Of one offset, which `from` points to; the offset's place.
  size_t Vector(size_t from, uint32_t count) {
    Point(from, Put32(count));
    return Put32(0);
  }

  void Text(size_t from, const std::string& text) {
    Point(from, Put32(static_cast<uint32_t>(text.size())));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  std::vector<uint8_t> bytes_;
  size_t index_ = 0;
};

std::string Found(const std::vector<uint8_t>& bytes, const std::string& name) {
  // A copy of just these bytes, so that a sanitizer sees every read beyond.
  const std::vector<uint8_t> exact(bytes);
  const auto found = FindPartition(exact.data(), exact.size(), name);
  if (!found.ok()) return found.error().message;
  return std::string(reinterpret_cast<const char*>(found->bytes), found->size);
}

}  // namespace

TEST_CASE("A partition is found by its name") {
  const Bytecode bytecode("Partition_0", "SOTTONET and so on");
  CHECK(Found(bytecode.bytes(), "Partition_0") == "SOTTONET and so on");
}

TEST_CASE("A partition that is not there is named") {
  const Bytecode bytecode("Partition_0", "code");
  for (const std::string name : {"Partition_1", "Partition_", ""}) {
    CAPTURE(name);
    CHECK(Found(bytecode.bytes(), name).find("has no partition " + name) != std::string::npos);
  }
}

TEST_CASE("Code that is not among the bytecode's is not looked for elsewhere") {
  Bytecode bytecode("Partition_0", "code");
  for (const uint32_t index : {1u, 0x7fffffffu, 0xffffffffu}) {
    bytecode.SetIndex(index);
    CHECK(Found(bytecode.bytes(), "Partition_0").find("no partition") != std::string::npos);
  }
}

TEST_CASE("What is no bytecode of the plugin's is said to be none") {
  for (const std::string text : {"", "abc", "SOTTONET",
                                 "\x7f"
                                 "ELF and more of a library"}) {
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    CHECK(Found(bytes, "Partition_0").find("is not what LiteRT's MediaTek plugin writes") !=
          std::string::npos);
  }
}

TEST_CASE("Bytecode that is cut off or altered is never read beyond its end") {
  const std::vector<uint8_t> whole = Bytecode("Partition_0", "SOTTONET").bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    Found({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, "Partition_0");
  }
  std::mt19937 random(8);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes = whole;
    for (int changes = 0; changes < 3; ++changes) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    Found(bytes, "Partition_0");
  }
}

}  // namespace sotto::neuron
