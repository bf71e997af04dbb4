#include "text/utf8.h"

#include <cstdint>

namespace sotto {
namespace {

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

}  // namespace

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

char32_t CodePoint(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  char32_t value = lead & (0x7fu >> sequence.size());
  for (const char c : sequence.substr(1)) {
    value = value << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  }
  return value;
}

std::optional<std::u32string> CodePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    if (byte < 0x80) {
      points.push_back(byte);
      text.remove_prefix(1);
      continue;
    }
    const Utf8Prefix prefix = ScanUtf8(text);
    if (!prefix.complete) return std::nullopt;
    points.push_back(CodePoint(text.substr(0, prefix.size)));
    text.remove_prefix(prefix.size);
  }
  return points;
}

void AppendUtf8(char32_t c, std::string* out) {
  const auto add = [out](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xc0 | c >> 6);
    add(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    add(0xe0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3f));
    add(0x80 | (c & 0x3f));
  } else {
    add(0xf0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3f));
    add(0x80 | (c >> 6 & 0x3f));
    add(0x80 | (c & 0x3f));
  }
}

std::string ToUtf8(std::u32string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t c : text) AppendUtf8(c, &bytes);
  return bytes;
}

}  // namespace sotto
