#include "text/word_pieces.h"

#include <algorithm>
#include <optional>

#include "text/utf8.h"

namespace sotto {

std::unique_ptr<const WordPieces> WordPieces::Parse(const Json& json, JsonFields* fields) {
  auto model = std::make_unique<WordPieces>();
  model->vocabulary_ = Vocabulary::Parse(JsonFields::At(json, "vocab"), fields);
  model->prefix_ = fields->String(json, "continuing_subword_prefix");
  model->max_characters_ = static_cast<size_t>(fields->Integer(json, "max_input_chars_per_word"));
  const std::string unknown = fields->String(json, "unk_token");
  const std::optional<int> id = model->vocabulary_.Find(unknown);
  if (!id) fields->Fail("its unk_token, " + unknown + ", is not in the vocabulary");
  model->unknown_ = id.value_or(0);
  return model;
}

void WordPieces::Append(std::u32string_view piece, std::vector<int>* ids) const {
  if (piece.size() > max_characters_) {
    ids->push_back(unknown_);
    return;
  }
  // The prefix stands before the word, so that every part but the first has it in front.
  std::string word = prefix_;
  for (const char32_t c : piece) AppendUtf8(c, &word);
  const size_t before = ids->size();
  for (size_t at = prefix_.size(); at < word.size();) {
    const size_t first = at == prefix_.size() ? at : at - prefix_.size();
    std::copy(prefix_.begin(), prefix_.end(),
              word.begin() + static_cast<std::ptrdiff_t>(at) -
                  static_cast<std::ptrdiff_t>(prefix_.size()));
    size_t end = std::min(word.size(), first + vocabulary_.longest());
    std::optional<int> id;
    for (; end > at; --end) {
      const bool whole =
          end == word.size() || (static_cast<unsigned char>(word[end]) & 0xc0) != 0x80;
      if (!whole) continue;  // within a character
      id = vocabulary_.Find(std::string_view(word).substr(first, end - first));
      if (id) break;
    }
    if (!id) {
      ids->resize(before);
      ids->push_back(unknown_);
      return;
    }
    ids->push_back(*id);
    at = end;
  }
}

}  // namespace sotto
