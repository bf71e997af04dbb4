#include "sotto/wav.h"

#include <doctest.h>

#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "has.h"
#include "temporary_file.h"

namespace sotto {
namespace {

std::string Little(uint64_t value, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

template <typename T>
std::string Bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string Chunk(const std::string& tag, const std::string& body) {
  return tag + Little(body.size(), 4) + body + (body.size() % 2 == 1 ? std::string(1, '\0') : "");
}

std::string Format(int code, int channels, int bits, int rate = 16000) {
  const int frame = channels * bits / 8;
  return Little(static_cast<uint64_t>(code), 2) + Little(static_cast<uint64_t>(channels), 2) +
         Little(static_cast<uint64_t>(rate), 4) + Little(static_cast<uint64_t>(rate * frame), 4) +
         Little(static_cast<uint64_t>(frame), 2) + Little(static_cast<uint64_t>(bits), 2);
}

std::string Riff(const std::string& chunks) {
  return "RIFF" + Little(chunks.size() + 4, 4) + "WAVE" + chunks;
}

std::string Wav(int code, int channels, int bits, const std::string& data, int rate = 16000) {
  return Riff(Chunk("fmt ", Format(code, channels, bits, rate)) + Chunk("data", data));
}

Result<std::vector<float>> ReadAll(const std::string& path, size_t piece = 1000) {
  SOTTO_ASSIGN_OR_RETURN(WavReader reader, WavReader::Open(path));
  std::vector<float> samples;
  std::vector<float> buffer(piece);
  while (true) {
    SOTTO_ASSIGN_OR_RETURN(const size_t n, reader.Read(buffer.data(), piece));
    if (n == 0) break;
    samples.insert(samples.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
  }
  CHECK(static_cast<int64_t>(samples.size()) == reader.frames());
  CHECK(reader.position() == reader.frames());
  return samples;
}

std::vector<float> Samples(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const Result<std::vector<float>> samples = ReadAll(file.path());
  REQUIRE(samples.ok());
  return *samples;
}

std::string Refusal(const std::string& bytes) {
  const TemporaryFile file(bytes);
  const Result<std::vector<float>> samples = ReadAll(file.path());
  REQUIRE_FALSE(samples.ok());
  CHECK(samples.error().code == ErrorCode::kAudio);
  CHECK(samples.error().message.find(file.path()) == 0);
  return samples.error().message;
}

const std::vector<float> kQuarters = {0.0f, 0.5f, -0.5f, -1.0f};
const std::string kPcm16 = Bytes<int16_t>({0, 16384, -16384, -32768});

TEST_CASE("every PCM and float format gives the same samples") {
  CHECK(Samples(Wav(1, 1, 8, "\x80\xc0\x40" + std::string(1, '\0'))) == kQuarters);
  CHECK(Samples(Wav(1, 1, 16, kPcm16)) == kQuarters);
  CHECK(Samples(Wav(1, 1, 24,
                    Little(0, 3) + Little(0x400000, 3) + Little(0xc00000, 3) +
                        Little(0x800000, 3))) == kQuarters);
  CHECK(Samples(Wav(1, 1, 32, Bytes<int32_t>({0, 1 << 30, -(1 << 30), INT32_MIN}))) == kQuarters);
  CHECK(Samples(Wav(3, 1, 32, Bytes<float>({0.0f, 0.5f, -0.5f, -1.0f}))) == kQuarters);
  CHECK(Samples(Wav(3, 1, 64, Bytes<double>({0.0, 0.5, -0.5, -1.0}))) == kQuarters);
}

TEST_CASE("an extensible format is the one that it names") {
  const std::string guid_tail("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71", 14);
  const std::string format = Format(0xfffe, 1, 16) + Little(22, 2) + Little(16, 2) + Little(4, 4);
  const auto wav = [&](const std::string& guid) {
    return Riff(Chunk("fmt ", format + guid) + Chunk("data", kPcm16));
  };
  CHECK(Samples(wav(Little(1, 2) + guid_tail)) == kQuarters);
  CHECK(Has(Refusal(wav(Little(2, 2) + guid_tail)), "format 2"));
  CHECK(Has(Refusal(wav(Little(1, 2) + std::string(14, 'x'))), "format 65534"));
}

TEST_CASE("channels are averaged") {
  CHECK(Samples(Wav(1, 2, 16, Bytes<int16_t>({16384, 0, -32768, -32768}))) ==
        std::vector<float>{0.25f, -1.0f});
  CHECK(Samples(Wav(3, 3, 32, Bytes<float>({0.3f, 0.6f, 0.9f}))).at(0) == doctest::Approx(0.6f));
}

TEST_CASE("unknown chunks are skipped, with the padding of odd ones") {
  const std::string format = Chunk("fmt ", Format(1, 1, 16));
  CHECK(Samples(Riff(Chunk("LIST", "odd") + format + Chunk("fact", "even") + Chunk("junk", "") +
                     Chunk("data", kPcm16) + Chunk("LIST", "after"))) == kQuarters);
}

TEST_CASE("a streamed or truncated file ends where it ends") {
  const std::string head =
      "RIFF" + Little(0xffffffff, 4) + "WAVE" + Chunk("fmt ", Format(1, 1, 16));
  for (const uint32_t size : {0xffffffffu, 0x7ffffffeu, 9u, 8u}) {
    CAPTURE(size);
    CHECK(Samples(head + "data" + Little(size, 4) + kPcm16) == kQuarters);
  }
  CHECK(Samples(head + "data" + Little(8, 4) + kPcm16.substr(0, 5)) ==
        std::vector<float>{0.0f, 0.5f});
}

TEST_CASE("an RF64 file's data has the size of its ds64 chunk") {
  const std::string chunks = Chunk("ds64", Little(0, 8) + Little(8, 8) + Little(4, 8)) +
                             Chunk("fmt ", Format(1, 1, 16)) + "data" + Little(0xffffffff, 4) +
                             kPcm16 + Chunk("LIST", "after");
  CHECK(Samples("RF64" + Little(0xffffffff, 4) + "WAVE" + chunks) == kQuarters);
}

TEST_CASE("a file is the same whatever the pieces it is read in") {
  std::vector<int16_t> pcm(100000);
  for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = static_cast<int16_t>(i * 7);
  const TemporaryFile file(Wav(1, 1, 16, Bytes(pcm)));
  const Result<std::vector<float>> whole = ReadAll(file.path(), pcm.size());
  REQUIRE(whole.ok());
  for (const size_t piece : {size_t{1}, size_t{333}, size_t{40000}, size_t{1} << 20}) {
    const Result<std::vector<float>> pieces = ReadAll(file.path(), piece);
    REQUIRE(pieces.ok());
    CHECK(*pieces == *whole);
  }
}

TEST_CASE("another sample rate is refused with the way to convert it") {
  const std::string message = Refusal(Wav(1, 1, 16, kPcm16, 44100));
  CHECK(Has(message, "44100 Hz; expected 16000"));
  CHECK(Has(message, "ffmpeg -i in.wav -ar 16000 -ac 1 out.wav"));
  CHECK(Has(message, "sotto transcribe"));
}

TEST_CASE("a sample that is not finite is refused with its place") {
  std::vector<float> samples(20000, 0.25f);
  samples[16000] = std::numeric_limits<float>::quiet_NaN();
  CHECK(Has(Refusal(Wav(3, 1, 32, Bytes(samples))), "sample 16000 (1.0"));
  CHECK(Has(Refusal(Wav(3, 1, 64, Bytes<double>({0.0, 1e300}))), "sample 1 "));
}

TEST_CASE("what is not a WAVE file of samples is refused") {
  const std::string format = Chunk("fmt ", Format(1, 1, 16));
  CHECK(Has(Refusal(""), "not a RIFF/WAVE file"));
  CHECK(Has(Refusal("ID3 is not a wave at all"), "not a RIFF/WAVE file"));
  CHECK(Has(Refusal("RIFF"), "not a RIFF/WAVE file"));
  CHECK(Has(Refusal(Riff(format)), "no data"));
  CHECK(Has(Refusal(Riff(Chunk("data", kPcm16) + format)), "before its format"));
  CHECK(Has(Refusal(Riff(Chunk("fmt ", "short") + Chunk("data", kPcm16))), "cut short"));
  CHECK(Has(Refusal(Riff(format + Chunk("data", ""))), "no samples"));
  CHECK(Has(Refusal(Wav(2, 1, 16, kPcm16)), "format 2"));
  CHECK(Has(Refusal(Wav(1, 1, 12, kPcm16)), "12-bit"));
  CHECK(Has(Refusal(Wav(1, 0, 16, kPcm16)), "0 channels"));
  CHECK_FALSE(WavReader::Open("/nowhere.wav").ok());
  CHECK_FALSE(WavReader::Open("/tmp").ok());
}

TEST_CASE("damaged WAVE files give errors or samples, never a crash") {
  std::mt19937 random(6);
  TemporaryFile file("");
  const std::string whole = Wav(3, 2, 32, Bytes(std::vector<float>(16, 0.5f)));
  for (int i = 0; i < 3000; ++i) {
    file.Write(Mutate(whole, &random));
    Result<WavReader> reader = WavReader::Open(file.path());
    if (!reader.ok()) continue;
    float samples[64];
    const Result<size_t> n = reader->Read(samples, 64);
    if (n.ok()) CHECK(*n <= 64);
  }
}

}  // namespace
}  // namespace sotto
