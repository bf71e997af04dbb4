#include "ppm.h"

#include <cctype>

namespace sotto {
namespace {

constexpr size_t kMaxSide = size_t{1} << 16;
constexpr size_t kMaxSample = 255;

Error Damaged(const std::string& why) {
  return {ErrorCode::kImage, "it is no PPM that can be read: " + why};
}

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The header's numbers, one after another.
class Header {
 public:
  explicit Header(std::string_view bytes) : bytes_(bytes) {}

  size_t position() const { return at_; }

  // The next number, up to `max`; 0 if there is none or it is larger.
  size_t Next(size_t max) {
    SkipBlank();
    size_t value = 0;
    for (; at_ < bytes_.size() && IsDigit(bytes_[at_]); ++at_) {
      value = value * 10 + static_cast<size_t>(bytes_[at_] - '0');
      if (value > max) return 0;
    }
    return value;
  }

 private:
  // White space, and comments to the end of their line.
  void SkipBlank() {
    for (; at_ < bytes_.size() && (IsSpace(bytes_[at_]) || bytes_[at_] == '#'); ++at_) {
      if (bytes_[at_] != '#') continue;
      while (at_ + 1 < bytes_.size() && bytes_[at_] != '\n') ++at_;
    }
  }

  std::string_view bytes_;
  size_t at_ = 2;  // behind "P6"
};

}  // namespace

bool IsPpm(std::string_view bytes) {
  return bytes.size() > 2 && bytes.substr(0, 2) == "P6" && IsSpace(bytes[2]);
}

Result<Ppm> ReadPpm(std::string_view bytes) {
  if (!IsPpm(bytes)) return Damaged("it does not begin with P6");
  Header header(bytes);
  Ppm picture;
  picture.width = header.Next(kMaxSide);
  picture.height = header.Next(kMaxSide);
  if (picture.width == 0 || picture.height == 0) return Damaged("its size is not 1 to 65536");
  if (header.Next(kMaxSample) != kMaxSample) return Damaged("its samples are not of 8 bits");
  const size_t begin = header.position() + 1;  // one white space
  const size_t size = picture.width * picture.height * 3;
  if (begin > bytes.size() || !IsSpace(bytes[begin - 1]) || bytes.size() - begin < size) {
    return Damaged("it ends before its pixels do");
  }
  picture.pixels.assign(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                        bytes.begin() + static_cast<std::ptrdiff_t>(begin + size));
  return picture;
}

}  // namespace sotto
