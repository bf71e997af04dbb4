#include "sotto/wav.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "platform/standard_file.h"
#include "sotto/log_mel.h"

namespace sotto {
namespace {

constexpr size_t kBufferSize = size_t{64} << 10;
constexpr uint32_t kUnknownSize = 0xffffffffu;  // of a streamed file, or of RF64's data chunk

constexpr uint16_t kFormatPcm = 1;
constexpr uint16_t kFormatFloat = 3;
constexpr uint16_t kFormatExtensible = 0xfffe;

// The tail of KSDATAFORMAT_SUBTYPE_PCM and its like, after the two bytes of the format.
constexpr uint8_t kSubtypeTail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                      0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71};

uint16_t Load16(const uint8_t* p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }

uint32_t Load32(const uint8_t* p) { return Load16(p) | static_cast<uint32_t>(Load16(p + 2)) << 16; }

uint64_t Load64(const uint8_t* p) { return Load32(p) | static_cast<uint64_t>(Load32(p + 4)) << 32; }

// One sample type each: its bytes, and its value on the scale -1..1.
struct Pcm8 {
  static constexpr size_t kSize = 1;
  static double Value(const uint8_t* p) { return (p[0] - 128) / 128.0; }
};

struct Pcm16 {
  static constexpr size_t kSize = 2;
  static double Value(const uint8_t* p) { return static_cast<int16_t>(Load16(p)) / 32768.0; }
};

struct Pcm24 {
  static constexpr size_t kSize = 3;
  static double Value(const uint8_t* p) {
    const uint32_t high = static_cast<uint32_t>(p[0]) << 8 | static_cast<uint32_t>(p[1]) << 16 |
                          static_cast<uint32_t>(p[2]) << 24;
    return static_cast<int32_t>(high) / 2147483648.0;
  }
};

struct Pcm32 {
  static constexpr size_t kSize = 4;
  static double Value(const uint8_t* p) { return static_cast<int32_t>(Load32(p)) / 2147483648.0; }
};

struct Float32 {
  static constexpr size_t kSize = 4;
  static double Value(const uint8_t* p) {
    const uint32_t bits = Load32(p);
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
};

struct Float64 {
  static constexpr size_t kSize = 8;
  static double Value(const uint8_t* p) {
    const uint64_t bits = Load64(p);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
};

template <typename Sample>
void DecodeMono(const uint8_t* in, size_t frames, size_t channels, float* out) {
  for (size_t i = 0; i < frames; ++i) {
    double sum = 0.0;
    for (size_t c = 0; c < channels; ++c, in += Sample::kSize) sum += Sample::Value(in);
    const double mean = sum / static_cast<double>(channels);
    // The conversion of a double beyond float's range is undefined; Read refuses infinity.
    constexpr float kMax = std::numeric_limits<float>::max();
    out[i] = std::abs(mean) > kMax ? HUGE_VALF : static_cast<float>(mean);
  }
}

struct Format {
  uint16_t code = 0;
  size_t channels = 0;
  uint32_t sample_rate = 0;
  size_t frame_size = 0;
  size_t bits = 0;
};

// body: [size], the head of a fmt chunk, at least 16 bytes.
Format ParseFormat(const uint8_t* body, size_t size) {
  Format format;
  format.code = Load16(body);
  format.channels = Load16(body + 2);
  format.sample_rate = Load32(body + 4);
  format.frame_size = Load16(body + 12);
  format.bits = Load16(body + 14);
  if (format.code == kFormatExtensible && size >= 40 &&
      std::memcmp(body + 26, kSubtypeTail, sizeof(kSubtypeTail)) == 0) {
    format.code = Load16(body + 24);
  }
  return format;
}

using Decode = void (*)(const uint8_t*, size_t, size_t, float*);

// nullptr for what no DecodeMono reads.
Decode DecodeOf(const Format& format) {
  if (format.code == kFormatPcm) {
    if (format.bits == 8) return DecodeMono<Pcm8>;
    if (format.bits == 16) return DecodeMono<Pcm16>;
    if (format.bits == 24) return DecodeMono<Pcm24>;
    if (format.bits == 32) return DecodeMono<Pcm32>;
  }
  if (format.code == kFormatFloat) {
    if (format.bits == 32) return DecodeMono<Float32>;
    if (format.bits == 64) return DecodeMono<Float64>;
  }
  return nullptr;
}

bool ReadAt(std::FILE* file, int64_t offset, uint8_t* out, size_t size) {
  return SeekTo(file, offset) && std::fread(out, 1, size, file) == size;
}

bool IsTag(const uint8_t* p, const char* tag) { return std::memcmp(p, tag, 4) == 0; }

struct Layout {
  Format format;
  int64_t data_begin = 0;
  int64_t data_size = 0;
};

// The layout, or what to say after the path.
struct LayoutOrWhat {
  std::optional<Layout> layout;
  std::string what;
};

// Walks the chunks up to the data.
LayoutOrWhat FindData(std::FILE* file, int64_t file_size) {
  const auto fail = [](const char* what) { return LayoutOrWhat{std::nullopt, what}; };
  uint8_t bytes[40];
  if (file_size < 12 || !ReadAt(file, 0, bytes, 12) ||
      !(IsTag(bytes, "RIFF") || IsTag(bytes, "RF64")) || !IsTag(bytes + 8, "WAVE")) {
    return fail("not a RIFF/WAVE file");
  }
  std::optional<Format> format;
  uint64_t data_size_64 = UINT64_MAX;  // RF64's (EBU Tech 3306)
  for (int64_t position = 12; position + 8 <= file_size;) {
    if (!ReadAt(file, position, bytes, 8)) return fail("can't be read");
    const int64_t body = position + 8;
    const uint32_t size = Load32(bytes + 4);
    const int64_t room = file_size - body;
    if (IsTag(bytes, "data")) {
      if (!format) return fail("not a WAVE file: its data comes before its format");
      const uint64_t claimed = size == kUnknownSize ? data_size_64 : size;
      const int64_t real =
          claimed > static_cast<uint64_t>(room) ? room : static_cast<int64_t>(claimed);
      return {Layout{*format, body, real}, ""};
    }
    if (IsTag(bytes, "fmt ")) {
      const size_t head = std::min<size_t>(size, sizeof(bytes));
      if (size < 16 || size > room || !ReadAt(file, body, bytes, head)) {
        return fail("not a WAVE file: its format chunk is cut short");
      }
      format = ParseFormat(bytes, head);
    } else if (IsTag(bytes, "ds64") && size >= 24 && size <= room) {
      if (!ReadAt(file, body, bytes, 24)) return fail("can't be read");
      data_size_64 = Load64(bytes + 8);
    }
    position = body + size + (size & 1);  // chunks begin at even offsets
  }
  return fail("not a WAVE file: it has no data chunk");
}

}  // namespace

Result<WavReader> WavReader::Open(const std::string& path) {
  const auto fail = [&path](const std::string& what) {
    return Error{ErrorCode::kAudio, path + ": " + what};
  };
  WavReader reader;
  reader.path_ = path;
  reader.file_.reset(OpenStandardFile(path));
  if (!reader.file_) return fail(std::string("can't be opened: ") + std::strerror(errno));
  const std::optional<FileStatus> status = StatusOf(reader.file_.get());
  if (!status || status->kind != FileStatus::Kind::kRegular) return fail("not a regular file");

  const LayoutOrWhat found = FindData(reader.file_.get(), static_cast<int64_t>(status->size));
  if (!found.layout) {
    return fail(found.what +
                "; convert it, for example with `ffmpeg -i in -ar 16000 -ac 1 out.wav`");
  }
  const Format& format = found.layout->format;
  const Decode decode = DecodeOf(format);
  if (decode == nullptr) {
    return fail("holds " + std::to_string(format.bits) + "-bit samples of WAVE format " +
                std::to_string(format.code) +
                "; expected PCM of 8, 16, 24 or 32 bits or float of 32 or 64");
  }
  if (format.channels == 0 || format.frame_size != format.channels * (format.bits / 8)) {
    return fail("not a WAVE file: a frame of " + std::to_string(format.channels) +
                " channels can't take " + std::to_string(format.frame_size) + " bytes");
  }
  if (format.sample_rate != static_cast<uint32_t>(kSampleRate)) {
    return fail("its sample rate is " + std::to_string(format.sample_rate) + " Hz; expected " +
                std::to_string(kSampleRate) +
                ": convert it with `ffmpeg -i in.wav -ar 16000 -ac 1 out.wav`, or use the Python "
                "command `sotto transcribe`, which resamples");
  }
  reader.decode_ = decode;
  reader.channels_ = format.channels;
  reader.frame_size_ = format.frame_size;
  reader.frames_ = found.layout->data_size / static_cast<int64_t>(format.frame_size);
  if (reader.frames_ == 0) return fail("holds no samples");
  if (!SeekTo(reader.file_.get(), found.layout->data_begin)) {
    return fail(std::string("can't be read: ") + std::strerror(errno));
  }
  reader.buffer_.resize(std::max(kBufferSize / reader.frame_size_, size_t{1}) * reader.frame_size_);
  return reader;
}

Result<size_t> WavReader::Read(float* out, size_t max_samples) {
  const size_t piece = buffer_.size() / frame_size_;
  size_t done = 0;
  while (done < max_samples && position_ < frames_) {
    const auto left = static_cast<uint64_t>(frames_ - position_);
    const auto n = static_cast<size_t>(std::min<uint64_t>({piece, max_samples - done, left}));
    if (std::fread(buffer_.data(), frame_size_, n, file_.get()) != n) {
      return Error{ErrorCode::kAudio, path_ + ": can't be read: it ended, or failed, at sample " +
                                          std::to_string(position_)};
    }
    decode_(buffer_.data(), n, channels_, out + done);
    for (size_t i = 0; i < n; ++i) {
      if (std::isfinite(out[done + i])) continue;
      const int64_t sample = position_ + static_cast<int64_t>(i);
      return Error{ErrorCode::kAudio,
                   path_ + ": sample " + std::to_string(sample) + " (" +
                       std::to_string(static_cast<double>(sample) / kSampleRate) +
                       " s) is not finite; expected about -1 to 1"};
    }
    done += n;
    position_ += static_cast<int64_t>(n);
  }
  return done;
}

}  // namespace sotto
