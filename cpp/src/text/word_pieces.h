// WordPiece: the longest token that a word begins with, then of what is left (BERT's
// tokenization.py).

#ifndef SOTTO_SRC_TEXT_WORD_PIECES_H_
#define SOTTO_SRC_TEXT_WORD_PIECES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/subword_model.h"

namespace sotto {

class WordPieces : public SubwordModel {
 public:
  static std::unique_ptr<const WordPieces> Parse(const Json& json, JsonFields* fields);

  const Vocabulary& vocabulary() const override { return vocabulary_; }
  void Append(std::u32string_view piece, std::vector<int>* ids) const override;

 private:
  Vocabulary vocabulary_;
  int unknown_ = 0;
  std::string prefix_;  // of tokens that continue a word
  size_t max_characters_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_WORD_PIECES_H_
