// The tokens of a model and their ids.

#ifndef SOTTO_SRC_TEXT_VOCABULARY_H_
#define SOTTO_SRC_TEXT_VOCABULARY_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json_fields.h"

namespace sotto {

class Vocabulary {
 public:
  // json: ids by tokens.
  static Vocabulary Parse(const Json& json, JsonFields* fields);

  Vocabulary() = default;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  std::optional<int> Find(std::string_view token) const {
    if (token.size() > longest_) return std::nullopt;
    const auto found = ids_.find(token);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  size_t size() const { return ids_.size(); }
  size_t longest() const { return longest_; }  // bytes of a token

 private:
  std::vector<char> bytes_;  // what the keys are views of, which a move leaves where it is
  std::unordered_map<std::string_view, int> ids_;
  size_t longest_ = 0;
};

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_VOCABULARY_H_
