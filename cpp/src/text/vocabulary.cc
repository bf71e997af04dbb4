#include "text/vocabulary.h"

#include <algorithm>
#include <string>

namespace sotto {

Vocabulary Vocabulary::Parse(const Json& json, JsonFields* fields) {
  Vocabulary vocabulary;
  if (!json.is_object() || json.empty()) {
    fields->Fail("its vocabulary holds no tokens");
    return vocabulary;
  }
  size_t size = 0;
  for (const auto& entry : json.items()) size += entry.key().size();
  vocabulary.bytes_.reserve(size);
  vocabulary.ids_.reserve(json.size());
  for (const auto& entry : json.items()) {
    const std::string& token = entry.key();
    const size_t begin = vocabulary.bytes_.size();
    vocabulary.bytes_.insert(vocabulary.bytes_.end(), token.begin(), token.end());
    vocabulary.ids_.emplace(std::string_view(vocabulary.bytes_.data() + begin, token.size()),
                            fields->AsId(entry.value(), "the id of a token"));
    vocabulary.longest_ = std::max(vocabulary.longest_, token.size());
  }
  return vocabulary;
}

}  // namespace sotto
