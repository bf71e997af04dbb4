#include "tflite/dispatch_call.h"

#include <cstring>
#include <optional>
#include <string_view>

#include "tflite/tensor.h"

namespace sotto {
namespace {

// FlexBuffers' types, as far as LiteRT writes them here (flatbuffers/flexbuffers.h).
constexpr int kInt = 1, kUint = 2, kString = 5, kIndirectInt = 6, kIndirectUint = 7, kMap = 9;

// LiteRT looks keys up by halves, so they are in order.
constexpr std::string_view kKeys[] = {"bytecode_offset", "bytecode_size", "name"};
constexpr size_t kKeyCount = 3;

// Reads a flexbuffer of one map with bounds checks: FlexBuffers' own verifier lets a key pass that
// does not end.
class FlexMap {
 public:
  FlexMap(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  // Whether it is a map of just the known keys.
  bool Open() {
    if (size_ < 3) return false;
    const size_t root_width = data_[size_ - 1];
    const int root_type = data_[size_ - 2];
    if (!IsWidth(root_width) || size_ - 2 < root_width || root_type >> 2 != kMap) return false;
    width_ = WidthOf(root_type);
    const std::optional<size_t> values = Follow(size_ - 2 - root_width, root_width);
    if (!values || *values < 3 * width_) return false;
    values_ = *values;
    const std::optional<uint64_t> count = Unsigned(values_ - width_, width_);
    const std::optional<uint64_t> key_width = Unsigned(values_ - 2 * width_, width_);
    const std::optional<size_t> keys = Follow(values_ - 3 * width_, width_);
    if (count != kKeyCount || !key_width || !IsWidth(*key_width) || !keys || *keys < *key_width ||
        Unsigned(*keys - *key_width, *key_width) != kKeyCount) {
      return false;
    }
    for (size_t i = 0; i < kKeyCount; ++i) {
      const std::optional<size_t> key = Follow(*keys + i * *key_width, *key_width);
      if (!key || !Holds(*key, kKeys[i])) return false;
    }
    return true;
  }

  // A value that is not negative.
  std::optional<uint64_t> Integer(size_t i) const {
    const size_t place = values_ + i * width_;
    const std::optional<int> type = TypeOf(i);
    if (!type) return std::nullopt;
    std::optional<uint64_t> value;
    size_t width = width_;
    if (*type >> 2 == kInt || *type >> 2 == kUint) {
      value = Unsigned(place, width_);
    } else if (*type >> 2 == kIndirectInt || *type >> 2 == kIndirectUint) {
      width = WidthOf(*type);
      if (const std::optional<size_t> at = Follow(place, width_)) value = Unsigned(*at, width);
    }
    const bool is_signed = *type >> 2 == kInt || *type >> 2 == kIndirectInt;
    if (value && is_signed && (*value >> (8 * width - 1)) != 0) return std::nullopt;
    return value;
  }

  // Whether value `i` is a string that ends where it says.
  bool IsString(size_t i) const {
    const std::optional<int> type = TypeOf(i);
    if (!type || *type >> 2 != kString) return false;
    const size_t width = WidthOf(*type);
    const std::optional<size_t> text = Follow(values_ + i * width_, width_);
    if (!text || *text < width) return false;
    const std::optional<uint64_t> length = Unsigned(*text - width, width);
    return length && *length < size_ - *text && data_[*text + *length] == 0 &&
           std::memchr(data_ + *text, 0, static_cast<size_t>(*length)) == nullptr;
  }

 private:
  static bool IsWidth(uint64_t width) {
    return width == 1 || width == 2 || width == 4 || width == 8;
  }
  static size_t WidthOf(int packed_type) { return size_t{1} << (packed_type & 3); }

  std::optional<uint64_t> Unsigned(size_t place, size_t width) const {
    if (place > size_ || width > size_ - place) return std::nullopt;
    uint64_t value = 0;
    std::memcpy(&value, data_ + place, width);  // both are little-endian
    return value;
  }

  // Offsets lead backwards from where they are.
  std::optional<size_t> Follow(size_t place, size_t width) const {
    const std::optional<uint64_t> offset = Unsigned(place, width);
    if (!offset || *offset > place) return std::nullopt;
    return place - static_cast<size_t>(*offset);
  }

  // The types' bytes are behind the values.
  std::optional<int> TypeOf(size_t i) const {
    const std::optional<uint64_t> type = Unsigned(values_ + kKeyCount * width_ + i, 1);
    return type ? std::optional<int>(static_cast<int>(*type)) : std::nullopt;
  }

  bool Holds(size_t place, std::string_view text) const {
    return text.size() < size_ - place &&
           std::memcmp(data_ + place, text.data(), text.size()) == 0 &&
           data_[place + text.size()] == 0;
  }

  const uint8_t* data_;
  size_t size_;
  size_t width_ = 1;
  size_t values_ = 0;
};

}  // namespace

Result<void> CheckDispatchOptions(const uint8_t* options, size_t size, size_t file_size) {
  FlexMap map(options, size);
  if (!map.Open() || !map.IsString(2)) {
    return Damaged("its options don't say where its code is");
  }
  const std::optional<uint64_t> offset = map.Integer(0), length = map.Integer(1);
  if (!offset || !length || *offset == 0 || *length == 0 || *offset > file_size ||
      *length > file_size - *offset) {
    return Damaged("its code reaches beyond the file");
  }
  return {};
}

}  // namespace sotto
