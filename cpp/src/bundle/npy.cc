#include "bundle/npy.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Bundles are little-endian and mapped as they are."
#endif

namespace sotto {
namespace {

constexpr char kMagic[] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
constexpr size_t kMaxRank = 32;  // as in NumPy

struct Header {
  NpyType dtype;
  std::vector<size_t> shape;
};

std::string ShapeText(const std::vector<size_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

// The header's dictionary, for example
//   {'descr': '<f4', 'fortran_order': False, 'shape': (51865, 512), }
// Its three keys are required, once each, in any order; nothing else is taken. A member
// returns false, or nothing, at the first character that does not fit.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  // nullopt, and what() says why.
  std::optional<Header> Parse() {
    std::optional<NpyType> dtype;
    std::optional<bool> fortran_order;
    std::optional<std::vector<size_t>> shape;
    if (!Take('{')) return Fail("no dictionary");
    while (!Take('}')) {
      const std::optional<std::string_view> key = Quoted();
      if (!key || !Take(':')) return Fail("a key is malformed");
      if (*key == "descr" && !dtype) {
        if (!(dtype = Descr())) return std::nullopt;
      } else if (*key == "fortran_order" && !fortran_order) {
        if (!(fortran_order = Boolean())) return Fail("fortran_order is not True or False");
      } else if (*key == "shape" && !shape) {
        if (!(shape = Shape())) return Fail("shape is malformed");
      } else {
        return Fail("a key is unknown or there twice");
      }
      if (Take(',')) continue;
      if (!Take('}')) return Fail("the dictionary is not closed");
      break;
    }
    SkipSpace();
    if (position_ != text_.size()) return Fail("text follows the dictionary");
    if (!dtype || !fortran_order || !shape) return Fail("a key is missing");
    if (*fortran_order) return Fail("it is in Fortran order; expected C order");
    return Header{*dtype, std::move(*shape)};
  }

  const std::string& what() const { return what_; }

 private:
  std::nullopt_t Fail(const char* what) {
    what_ = what;
    return std::nullopt;
  }

  void SkipSpace() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) {
      ++position_;
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    SkipSpace();
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }

  std::optional<std::string_view> Quoted() {
    SkipSpace();
    if (position_ >= text_.size()) return std::nullopt;
    const char quote = text_[position_];
    if (quote != '\'' && quote != '"') return std::nullopt;
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return value;
  }

  std::optional<NpyType> Descr() {
    const std::optional<std::string_view> descr = Quoted();
    if (!descr) return Fail("descr is malformed");
    if (*descr == "<f4") return NpyType::kFloat32;
    if (*descr == "<f2") return NpyType::kFloat16;
    if (*descr == "|i1" || *descr == "<i1") return NpyType::kInt8;
    return Fail("its type is not '<f4', '<f2' or '|i1'");
  }

  std::optional<bool> Boolean() {
    if (TakeWord("False")) return false;
    if (TakeWord("True")) return true;
    return std::nullopt;
  }

  std::optional<std::vector<size_t>> Shape() {
    std::vector<size_t> shape;
    if (!Take('(')) return std::nullopt;
    while (!Take(')')) {
      const std::optional<size_t> extent = Extent();
      if (!extent || shape.size() == kMaxRank) return std::nullopt;
      shape.push_back(*extent);
      if (Take(',')) continue;
      if (!Take(')')) return std::nullopt;
      break;
    }
    return shape;
  }

  std::optional<size_t> Extent() {
    SkipSpace();
    const size_t begin = position_;
    size_t value = 0;
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c < '0' || c > '9') break;
      const auto digit = static_cast<size_t>(c - '0');
      if (value > (SIZE_MAX - digit) / 10) return std::nullopt;
      value = value * 10 + digit;
    }
    if (position_ == begin) return std::nullopt;
    return value;
  }

  std::string_view text_;
  size_t position_ = 0;
  std::string what_;
};

// Elements in `shape`, or nothing if that many elements of `type` don't fit in memory.
std::optional<size_t> Elements(const std::vector<size_t>& shape, NpyType type) {
  size_t elements = 1;
  for (const size_t extent : shape) {
    if (extent != 0 && elements > SIZE_MAX / extent) return std::nullopt;
    elements *= extent;
  }
  if (elements > SIZE_MAX / NpyTypeSize(type)) return std::nullopt;
  return elements;
}

}  // namespace

const char* NpyTypeName(NpyType type) {
  switch (type) {
    case NpyType::kFloat32:
      return "float32";
    case NpyType::kFloat16:
      return "float16";
    case NpyType::kInt8:
      return "int8";
  }
  return "unknown";
}

size_t NpyTypeSize(NpyType type) {
  switch (type) {
    case NpyType::kFloat32:
      return 4;
    case NpyType::kFloat16:
      return 2;
    case NpyType::kInt8:
      return 1;
  }
  return 1;
}

Result<MappedNpy> MappedNpy::Open(std::shared_ptr<const FileView> file) {
  const auto bundle_error = [&file](const std::string& what) {
    return Error{ErrorCode::kBundle, file->label() + ": " + what};
  };
  const auto not_npy = [&](const std::string& what) {
    return bundle_error("not a .npy file that Sotto reads: " + what +
                        "; expected version 1 or 2, float32, float16 or int8, C order");
  };

  if (file->size() == 0) return bundle_error("is empty");
  if (file->size() < 10) return not_npy("it is too short");

  const uint8_t* bytes = file->data();
  if (std::memcmp(bytes, kMagic, sizeof(kMagic)) != 0) return not_npy("its first bytes are others");
  const int major = bytes[6];
  const int minor = bytes[7];
  if ((major != 1 && major != 2) || minor != 0) {
    return not_npy("its version is " + std::to_string(major) + "." + std::to_string(minor));
  }
  const size_t text_begin = major == 1 ? 10 : 12;
  if (file->size() < text_begin) return not_npy("it is too short");
  size_t text_size = bytes[8] | static_cast<size_t>(bytes[9]) << 8;
  if (major == 2) {
    text_size |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
  }
  if (text_size > file->size() - text_begin) return not_npy("its header is cut short");

  HeaderParser parser({reinterpret_cast<const char*>(bytes) + text_begin, text_size});
  std::optional<Header> header = parser.Parse();
  if (!header) return not_npy(parser.what());
  const size_t data_begin = text_begin + text_size;
  const size_t item = NpyTypeSize(header->dtype);
  if (data_begin % item != 0) return not_npy("its data is not aligned");

  const std::optional<size_t> elements = Elements(header->shape, header->dtype);
  if (!elements || *elements * item != file->size() - data_begin) {
    return bundle_error("holds " + std::to_string(file->size() - data_begin) +
                        " bytes of data; expected " + NpyTypeName(header->dtype) + " " +
                        ShapeText(header->shape) + "; the file is damaged: make the bundle again");
  }
  MappedNpy npy;
  npy.dtype_ = header->dtype;
  npy.shape_ = std::move(header->shape);
  npy.size_ = *elements;
  npy.data_ = bytes + data_begin;
  npy.file_ = std::move(file);
  return npy;
}

Result<MappedNpy> MappedNpy::OpenInside(std::shared_ptr<const FileView> file, size_t offset,
                                        NpyType dtype, const std::vector<size_t>& shape) {
  const std::optional<size_t> elements = Elements(shape, dtype);
  const size_t item = NpyTypeSize(dtype);
  if (!elements || offset % item != 0 || offset > file->size() ||
      *elements * item > file->size() - offset) {
    return Error{ErrorCode::kBundle, file->label() + ": has no " + NpyTypeName(dtype) + " " +
                                         ShapeText(shape) + " from byte " + std::to_string(offset) +
                                         " on; make the bundle again"};
  }
  MappedNpy npy;
  npy.dtype_ = dtype;
  npy.shape_ = shape;
  npy.size_ = *elements;
  npy.data_ = file->data() + offset;
  npy.file_ = std::move(file);
  return npy;
}

template <>
const float* MappedNpy::As<float>() const {
  return dtype_ == NpyType::kFloat32 ? static_cast<const float*>(data_) : nullptr;
}

template <>
const uint16_t* MappedNpy::As<uint16_t>() const {
  return dtype_ == NpyType::kFloat16 ? static_cast<const uint16_t*>(data_) : nullptr;
}

template <>
const int8_t* MappedNpy::As<int8_t>() const {
  return dtype_ == NpyType::kInt8 ? static_cast<const int8_t*>(data_) : nullptr;
}

Result<void> MappedNpy::Expect(NpyType dtype, const std::vector<size_t>& shape) const {
  if (dtype_ == dtype && shape_ == shape) return {};
  return Error{ErrorCode::kBundle, label() + ": holds " + NpyTypeName(dtype_) + " " +
                                       ShapeText(shape_) + "; expected " + NpyTypeName(dtype) +
                                       " " + ShapeText(shape) + "; make the bundle again"};
}

}  // namespace sotto
