#include "sotto/tokenizer.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace sotto {
namespace {

constexpr size_t kMaxFileSize = size_t{64} << 20;  // Whisper's are 0.8 MB

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> ReadFile(const std::string& path) {
  const auto fail = [&path](const std::string& what) {
    return Error{ErrorCode::kBundle, path + ": " + what};
  };
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return fail(std::string("can't be opened: ") + std::strerror(errno));
  std::string text;
  size_t size = 0;
  do {
    if (size > kMaxFileSize) return fail("too large for a tokenizer");
    text.resize(size + (size_t{1} << 20));
    const size_t n = std::fread(text.data() + size, 1, text.size() - size, file.get());
    if (n == 0 && std::ferror(file.get()) != 0) {
      return fail(std::string("can't be read: ") + std::strerror(errno));
    }
    size += n;
  } while (size == text.size());
  text.resize(size);
  return text;
}

constexpr std::array<int8_t, 256> Base64Values() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(kAlphabet[i])] = i;
  return values;
}

// Appends the bytes of `text`, canonical base64 with its padding (RFC 4648), to `out`.
bool AppendBase64(std::string_view text, std::string* out) {
  static constexpr std::array<int8_t, 256> kValues = Base64Values();
  if (text.size() % 4 != 0) return false;
  while (!text.empty()) {
    const bool last = text.size() == 4;
    const size_t padding = !last || text[3] != '=' ? 0 : (text[2] != '=' ? 1 : 2);
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; ++i) {
      const int8_t value =
          i < 4 - padding ? kValues[static_cast<unsigned char>(text[i])] : int8_t{0};
      if (value < 0) return false;
      bits = bits << 6 | static_cast<uint32_t>(value);
    }
    if ((bits & ((1u << 8 * padding) - 1)) != 0) return false;  // bits that no byte holds
    for (size_t i = 0; i < 3 - padding; ++i)
      out->push_back(static_cast<char>(bits >> (16 - 8 * i)));
    text.remove_prefix(4);
  }
  return true;
}

// A decimal number below `limit`, digits only.
std::optional<size_t> ParseRank(std::string_view text, size_t limit) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  size_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<size_t>(c - '0');
  }
  if (value >= limit) return std::nullopt;
  return value;
}

// What a UTF-8 sequence's first byte asks of the next ones (Unicode 15, table 3-7).
struct Utf8Lead {
  int size;           // bytes in the sequence, 0 if no sequence begins so
  unsigned char low;  // the second byte's range
  unsigned char high;
};

Utf8Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};  // a continuation, or an overlong form
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};  // not overlong
  if (byte == 0xed) return {3, 0x80, 0x9f};  // not a surrogate
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};  // not overlong
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};  // not above U+10FFFF
  return {0, 0, 0};
}

// The longest well-formed beginning of one sequence at the head of `bytes` (not empty).
// complete: it is a whole character; otherwise it is what one U+FFFD stands for.
struct Utf8Prefix {
  size_t size;
  bool complete;
};

Utf8Prefix ScanUtf8(std::string_view bytes) {
  const Utf8Lead lead = LeadOf(static_cast<unsigned char>(bytes[0]));
  if (lead.size == 0) return {1, false};
  const auto size = static_cast<size_t>(lead.size);
  for (size_t i = 1; i < size; ++i) {
    if (i == bytes.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xbf;
    if (byte < low || byte > high) return {i, false};
  }
  return {size, true};
}

// The characters for which Python's str.isspace() is true.
bool IsSpace(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

// The character of a complete sequence.
uint32_t CodePoint(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  uint32_t value = lead & (0x7fu >> sequence.size());
  for (const char c : sequence.substr(1))
    value = value << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  return value;
}

}  // namespace

Result<Tokenizer> Tokenizer::Open(const std::string& path, int n_text) {
  SOTTO_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const auto count = static_cast<size_t>(n_text);
  // A token takes more than one byte of the file, so a bad n_text can't ask for much memory.
  if (n_text <= 0 || count > text.size()) {
    return Error{ErrorCode::kBundle, path + ": holds " + std::to_string(text.size()) +
                                         " bytes, which can't be " + std::to_string(n_text) +
                                         " tokens; make the bundle again"};
  }

  Tokenizer tokenizer;
  tokenizer.bytes_.reserve(text.size() / 2);
  constexpr Piece kMissing = {UINT32_MAX, 0};
  tokenizer.pieces_.assign(count, kMissing);
  size_t line_number = 0;
  for (size_t position = 0; position < text.size();) {
    ++line_number;
    const auto bad_line = [&](const std::string& what) {
      return Error{ErrorCode::kBundle, path + ": line " + std::to_string(line_number) + " " + what +
                                           "; expected " + std::to_string(n_text) +
                                           " lines \"base64 rank\"; make the bundle again"};
    };
    size_t end = text.find('\n', position);
    if (end == std::string::npos) end = text.size();
    const std::string_view line(text.data() + position, end - position);
    position = end + 1;

    const size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0) return bad_line("is malformed");
    const std::optional<size_t> rank = ParseRank(line.substr(space + 1), count);
    if (!rank)
      return bad_line("has a rank that is not a number from 0 to " + std::to_string(n_text - 1));
    if (tokenizer.pieces_[*rank].begin != kMissing.begin) return bad_line("repeats a rank");

    // Whisper's multilingual file ends with the line "= 50256": an empty token that fills up
    // the ranks. It is no base64 but by Python's leave.
    const std::string_view token = line.substr(0, space);
    const size_t begin = tokenizer.bytes_.size();
    if (token != "=" && !AppendBase64(token, &tokenizer.bytes_)) return bad_line("is not base64");
    tokenizer.pieces_[*rank] = {static_cast<uint32_t>(begin),
                                static_cast<uint32_t>(tokenizer.bytes_.size() - begin)};
  }
  // Ranks are unique and below n_text, so as many lines are all of them.
  if (line_number != count) {
    return Error{ErrorCode::kBundle, path + ": holds " + std::to_string(line_number) +
                                         " tokens; expected " + std::to_string(n_text) +
                                         "; make the bundle again"};
  }
  tokenizer.bytes_.shrink_to_fit();
  return tokenizer;
}

std::string Tokenizer::DecodeBytes(const std::vector<int>& tokens) const {
  std::string bytes;
  for (const int token : tokens) {
    if (token < 0 || static_cast<size_t>(token) >= pieces_.size()) continue;
    const Piece& piece = pieces_[static_cast<size_t>(token)];
    bytes.append(bytes_, piece.begin, piece.size);
  }
  return bytes;
}

std::string Tokenizer::Decode(const std::vector<int>& tokens) const {
  return DecodeUtf8(DecodeBytes(tokens));
}

std::string DecodeUtf8(std::string_view bytes) {
  constexpr char kReplacement[] = "\xef\xbf\xbd";  // U+FFFD
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Prefix prefix = ScanUtf8(bytes);
    if (prefix.complete) {
      text.append(bytes.substr(0, prefix.size));
    } else {
      text.append(kReplacement);
    }
    bytes.remove_prefix(prefix.size);
  }
  return text;
}

std::string_view TrimWhitespace(std::string_view text) {
  while (!text.empty()) {
    const Utf8Prefix prefix = ScanUtf8(text);
    if (!prefix.complete || !IsSpace(CodePoint(text.substr(0, prefix.size)))) break;
    text.remove_prefix(prefix.size);
  }
  while (!text.empty()) {
    size_t begin = text.size() - 1;  // of the last character: back over its continuations
    while (begin > 0 && text.size() - begin < 4 &&
           (static_cast<unsigned char>(text[begin]) & 0xc0u) == 0x80u) {
      --begin;
    }
    const std::string_view last = text.substr(begin);
    const Utf8Prefix prefix = ScanUtf8(last);
    if (!prefix.complete || prefix.size != last.size() || !IsSpace(CodePoint(last))) break;
    text.remove_suffix(last.size());
  }
  return text;
}

}  // namespace sotto
