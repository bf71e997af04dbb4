// Byte-pair encoding (Sennrich et al., 2016): the neighbours that were joined first in training are
// joined first.

#ifndef SOTTO_SRC_TEXT_BYTE_PAIRS_H_
#define SOTTO_SRC_TEXT_BYTE_PAIRS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/subword_model.h"

namespace sotto {

class BytePairs : public SubwordModel {
 public:
  static std::unique_ptr<const BytePairs> Parse(const Json& json, JsonFields* fields);

  const Vocabulary& vocabulary() const override { return vocabulary_; }
  void Append(std::u32string_view piece, std::vector<int>* ids) const override;

 private:
  struct Merge {
    uint32_t rank;
    int id;
  };

  void ParseMerges(const Json& json, JsonFields* fields);
  void AddMerge(const std::string& left, const std::string& right, uint32_t rank,
                JsonFields* fields);
  const Merge* Find(int left, int right) const;
  std::vector<int> Symbols(std::u32string_view piece) const;
  void Join(std::vector<int>* symbols) const;

  Vocabulary vocabulary_;
  std::unordered_map<uint64_t, Merge> merges_;  // by both ids
  std::optional<int> unknown_;
  std::string prefix_;  // of tokens that continue a word
  std::string suffix_;  // of tokens that end one
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
  // Tokens <0x00> to <0xFF>, which spell what is not in the vocabulary. Empty if not wanted.
  std::vector<std::optional<int>> bytes_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_BYTE_PAIRS_H_
