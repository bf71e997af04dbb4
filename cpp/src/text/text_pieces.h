// Where a text is cut before byte-pair encoding: GPT-2's regular expression, as in
// whisper/tokenizer.py.

#ifndef SOTTO_SRC_TEXT_TEXT_PIECES_H_
#define SOTTO_SRC_TEXT_TEXT_PIECES_H_

#include <string_view>
#include <vector>

namespace sotto {

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// text: valid UTF-8. The pieces are all of it, one after the other.
std::vector<std::string_view> SplitText(std::string_view text);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_TEXT_PIECES_H_
