// Whisper's tokenizer: token ids to text, and text to token ids.

#ifndef SOTTO_TOKENIZER_H_
#define SOTTO_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/error.h"

namespace sotto {

// Immutable once made, so one Tokenizer serves any number of threads.
class Tokenizer {
 public:
  // file: a bundle's tokenizer.tiktoken, lines of "base64(bytes) rank\n" in any order, as in
  //   openai-whisper's whisper/assets.
  // n_text: how many ranks it must hold, 0..n_text-1 once each; the ids from n_text on are
  //   special (the first is end-of-text).
  // kBundle if the file is not that; the message names the line.
  static Result<Tokenizer> Open(const FileView& file, int n_text);

  int n_text() const { return static_cast<int>(pieces_.size()); }

  // The bytes of `tokens` one after the other; special tokens and negative ids have none.
  // A character may begin in one token and end in the next, so part of a transcript need
  // not be valid UTF-8.
  std::string DecodeBytes(const std::vector<int>& tokens) const;

  // DecodeUtf8(DecodeBytes(tokens)).
  std::string Decode(const std::vector<int>& tokens) const;

  // tiktoken's encode(): byte-pair encoding of the pieces that GPT-2's regular expression cuts.
  // Special tokens in `text` are text. Bytes that are no UTF-8 are replaced first.
  std::vector<int> Encode(std::string_view text) const;

 private:
  struct Piece {  // of bytes_
    uint32_t begin;
    uint32_t size;
  };

  static constexpr uint32_t kNoRank = UINT32_MAX;

  Tokenizer() = default;

  std::string_view Bytes(size_t rank) const;
  void IndexPieces();
  uint32_t RankOf(std::string_view bytes) const;
  void EncodePiece(std::string_view piece, std::vector<int>* tokens) const;

  std::string bytes_;          // of all tokens, in the file's order
  std::vector<Piece> pieces_;  // [n_text], by rank
  // Ranks by their bytes, a hash table with open addressing; kNoRank: a free place.
  std::vector<uint32_t> ranks_;
  size_t longest_ = 0;  // bytes of a token
};

// Valid UTF-8 from any bytes: each maximal part of an ill-formed sequence (Unicode 15, section
// 3.9, "U+FFFD Substitution of Maximal Subparts") becomes U+FFFD, as Python's
// bytes.decode("utf-8", errors="replace") does it.
std::string DecodeUtf8(std::string_view bytes);

// The part of `text`, valid UTF-8, without white space at its ends: Python's str.strip().
std::string_view TrimWhitespace(std::string_view text);

}  // namespace sotto

#endif  // SOTTO_TOKENIZER_H_
