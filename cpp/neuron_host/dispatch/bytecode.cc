#include "bytecode.h"

#include <cstring>
#include <optional>
#include <string_view>

namespace sotto::neuron {
namespace {

// Slots of the schema's tables; a union takes two, its type before its value.
constexpr uint32_t kGraphsSubgraphs = 1, kGraphsData = 2;
constexpr uint32_t kSubgraphEntryPoint = 0, kSubgraphIndexType = 2, kSubgraphIndex = 3;
constexpr uint32_t kIndexValue = 0;
constexpr uint32_t kBufferData = 1;
constexpr uint8_t kUnionIsIndex = 1;

// A flatbuffer, every access of which stays inside it. Places are offsets from its beginning.
class Flatbuffer {
 public:
  Flatbuffer(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  template <typename T>
  std::optional<T> Read(size_t at) const {
    if (at > size_ || sizeof(T) > size_ - at) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_ + at, sizeof(T));
    return value;
  }

  // What the offset at `at` points to.
  std::optional<size_t> Follow(std::optional<size_t> at) const {
    if (!at) return std::nullopt;
    const auto offset = Read<uint32_t>(*at);
    if (!offset || *offset == 0 || *offset > size_ - *at) return std::nullopt;
    return *at + *offset;
  }

  // A table's field; nothing if it has its default value.
  std::optional<size_t> Field(std::optional<size_t> table, uint32_t slot) const {
    const auto back = table ? Read<int32_t>(*table) : std::nullopt;
    if (!back) return std::nullopt;
    const int64_t vtable = static_cast<int64_t>(*table) - *back;
    if (vtable < 0) return std::nullopt;
    const auto at = static_cast<size_t>(vtable);
    const auto bytes = Read<uint16_t>(at);
    const size_t entry = 4 + 2 * static_cast<size_t>(slot);
    if (!bytes || entry + 2 > *bytes) return std::nullopt;
    const auto offset = Read<uint16_t>(at + entry);
    if (!offset || *offset == 0) return std::nullopt;
    return *table + *offset;
  }

  // The bytes of a vector of elements of `width` bytes, which begin behind its length.
  std::optional<CompiledPartition> Vector(std::optional<size_t> at, size_t width) const {
    const auto count = at ? Read<uint32_t>(*at) : std::nullopt;
    if (!count || *count > (size_ - *at - 4) / width) return std::nullopt;
    return CompiledPartition{bytes_ + *at + 4, *count * width};
  }

  // The table at `index` of a vector of tables.
  std::optional<size_t> Element(std::optional<size_t> vector, size_t index) const {
    const auto elements = Vector(vector, 4);
    if (!elements || index >= elements->size / 4) return std::nullopt;
    return Follow(*vector + 4 + 4 * index);
  }

 private:
  const uint8_t* bytes_;
  size_t size_;
};

bool Is(const std::optional<CompiledPartition>& text, std::string_view expected) {
  return text && text->size == expected.size() &&
         std::memcmp(text->bytes, expected.data(), expected.size()) == 0;
}

}  // namespace

sotto::Result<CompiledPartition> FindPartition(const uint8_t* bytes, size_t size,
                                               const std::string& name) {
  const Flatbuffer buffer(bytes, size);
  const auto root = buffer.Follow(0);
  const auto subgraphs = buffer.Follow(buffer.Field(root, kGraphsSubgraphs));
  const auto data = buffer.Follow(buffer.Field(root, kGraphsData));
  const auto listed = buffer.Vector(subgraphs, 4);
  if (!listed || !data) {
    return Error{ErrorCode::kModel,
                 "the model's bytecode is not what LiteRT's MediaTek plugin writes, or is damaged"};
  }
  for (size_t i = 0; i < listed->size / 4; ++i) {
    const auto subgraph = buffer.Element(subgraphs, i);
    const auto entry_point = buffer.Follow(buffer.Field(subgraph, kSubgraphEntryPoint));
    if (!Is(buffer.Vector(entry_point, 1), name)) continue;
    const auto type = buffer.Field(subgraph, kSubgraphIndexType);
    const auto index = buffer.Follow(buffer.Field(subgraph, kSubgraphIndex));
    const auto value = buffer.Field(index, kIndexValue);
    const int32_t number = value ? buffer.Read<int32_t>(*value).value_or(-1) : -1;
    if (!type || buffer.Read<uint8_t>(*type) != kUnionIsIndex || number < 0) break;
    const auto found = buffer.Element(data, static_cast<size_t>(number));
    const auto code = buffer.Vector(buffer.Follow(buffer.Field(found, kBufferData)), 1);
    if (!code) break;
    return *code;
  }
  return Error{ErrorCode::kModel, "the model's bytecode has no partition " + name +
                                      ", or is damaged where it should be"};
}

}  // namespace sotto::neuron
