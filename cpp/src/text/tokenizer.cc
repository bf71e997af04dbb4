#include "sotto/tokenizer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <queue>
#include <utility>

#include "text/text_pieces.h"
#include "text/utf8.h"

namespace sotto {
namespace {

constexpr size_t kMaxFileSize = size_t{64} << 20;  // Whisper's are 0.8 MB

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

// The characters for which Python's str.isspace() is true.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

// FNV-1a.
size_t HashOf(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return static_cast<size_t>(hash ^ hash >> 32);
}

}  // namespace

Result<Tokenizer> Tokenizer::Open(const FileView& file, int n_text) {
  const std::string_view text = file.text();
  const std::string& label = file.label();
  if (text.size() > kMaxFileSize) {
    return Error{ErrorCode::kBundle, label + ": too large for a tokenizer"};
  }
  const auto count = static_cast<size_t>(n_text);
  // A token takes more than one byte of the file, so a bad n_text can't ask for much memory.
  if (n_text <= 0 || count > text.size()) {
    return Error{ErrorCode::kBundle, label + ": holds " + std::to_string(text.size()) +
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
      return Error{ErrorCode::kBundle, label + ": line " + std::to_string(line_number) + " " +
                                           what + "; expected " + std::to_string(n_text) +
                                           " lines \"base64 rank\"; make the bundle again"};
    };
    size_t end = text.find('\n', position);
    if (end == std::string_view::npos) end = text.size();
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
    return Error{ErrorCode::kBundle, label + ": holds " + std::to_string(line_number) +
                                         " tokens; expected " + std::to_string(n_text) +
                                         "; make the bundle again"};
  }
  tokenizer.bytes_.shrink_to_fit();
  tokenizer.IndexPieces();
  return tokenizer;
}

std::string_view Tokenizer::Bytes(size_t rank) const {
  return std::string_view(bytes_).substr(pieces_[rank].begin, pieces_[rank].size);
}

void Tokenizer::IndexPieces() {
  size_t slots = 1;
  while (slots < 2 * pieces_.size()) slots *= 2;
  ranks_.assign(slots, kNoRank);
  for (size_t rank = 0; rank < pieces_.size(); ++rank) {
    const std::string_view bytes = Bytes(rank);
    longest_ = std::max(longest_, bytes.size());
    size_t slot = HashOf(bytes) & (slots - 1);
    while (ranks_[slot] != kNoRank && Bytes(ranks_[slot]) != bytes) slot = (slot + 1) & (slots - 1);
    // A later token of the same bytes is the one that counts, as in a Python dict.
    ranks_[slot] = static_cast<uint32_t>(rank);
  }
}

uint32_t Tokenizer::RankOf(std::string_view bytes) const {
  if (bytes.size() > longest_) return kNoRank;
  size_t slot = HashOf(bytes) & (ranks_.size() - 1);
  while (ranks_[slot] != kNoRank && Bytes(ranks_[slot]) != bytes) {
    slot = (slot + 1) & (ranks_.size() - 1);
  }
  return ranks_[slot];
}

// Byte-pair encoding: the neighbours whose joint token has the lowest rank are joined, the first
// such pair first, until none is a token.
void Tokenizer::EncodePiece(std::string_view piece, std::vector<int>* tokens) const {
  if (const uint32_t rank = RankOf(piece); rank != kNoRank) {
    tokens->push_back(static_cast<int>(rank));
    return;
  }
  // Parts as a linked list by where they begin. next[i] is where part i ends; 0: it is no more.
  const size_t size = piece.size();
  std::vector<size_t> next(size + 1);
  std::vector<size_t> previous(size + 1);
  for (size_t i = 0; i <= size; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  struct Pair {
    uint32_t rank;
    size_t begin;
    size_t end;
  };
  const auto later = [](const Pair& a, const Pair& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.begin > b.begin;
  };
  std::priority_queue<Pair, std::vector<Pair>, decltype(later)> pairs(later);
  const auto add = [&](size_t begin) {
    if (begin >= size || next[begin] >= size) return;  // the last part has no neighbour
    const size_t end = next[next[begin]];
    const uint32_t rank = RankOf(piece.substr(begin, end - begin));
    if (rank != kNoRank) pairs.push({rank, begin, end});
  };
  for (size_t i = 0; i < size; ++i) add(i);
  while (!pairs.empty()) {
    const Pair pair = pairs.top();
    pairs.pop();
    const size_t middle = next[pair.begin];
    // Parts that were joined meanwhile: the pair is no more.
    if (middle == 0 || middle >= size || next[middle] != pair.end) continue;
    next[pair.begin] = pair.end;
    next[middle] = 0;
    if (pair.end <= size) previous[pair.end] = pair.begin;
    add(pair.begin);
    if (pair.begin > 0) add(previous[pair.begin]);
  }
  for (size_t i = 0; i < size; i = next[i]) {
    const uint32_t rank = RankOf(piece.substr(i, next[i] - i));
    if (rank != kNoRank) tokens->push_back(static_cast<int>(rank));  // each byte is a token
  }
}

std::vector<int> Tokenizer::Encode(std::string_view text) const {
  const std::string valid = DecodeUtf8(text);
  std::vector<int> tokens;
  for (std::string_view piece : SplitText(valid)) EncodePiece(piece, &tokens);
  return tokens;
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
