#include "text/added_tokens.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "text/unicode_classes.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace sotto {

// The id of a token is the model's; those that the model has not are counted on from its
// vocabulary's size, in the order of the file, whatever ids the file gives.
AddedTokens AddedTokens::Parse(const Json& json, bool normalized, const Vocabulary& vocabulary,
                               const TextNormalizer& normalizer, JsonFields* fields) {
  AddedTokens added;
  if (json.is_null()) return added;
  if (!json.is_array()) fields->Fail("added_tokens is not a list");
  std::unordered_map<std::string, int> new_ids;
  for (const Json& entry : json) {
    const std::string content = fields->String(entry, "content");
    if (content.empty()) continue;
    std::optional<int> id = vocabulary.Find(content);
    if (!id) {
      const auto next = static_cast<int>(vocabulary.size() + new_ids.size());
      id = new_ids.emplace(content, next).first->second;
    }
    if (fields->Bool(entry, "normalized") != normalized) continue;
    Token token{CodePoints(content).value_or(U""), *id, fields->Bool(entry, "single_word"),
                fields->Bool(entry, "lstrip"), fields->Bool(entry, "rstrip")};
    if (normalized) {
      const Result<void> applied = normalizer.Apply(&token.content);
      if (!applied.ok()) fields->Fail(applied.error().message);
      if (token.content.empty()) fields->Fail("nothing is left of added token " + content);
    }
    if (fields->failed()) return added;
    std::vector<Token>& tokens = added.tokens_[token.content[0]];
    const auto same = [&](const Token& other) { return other.content == token.content; };
    const auto found = std::find_if(tokens.begin(), tokens.end(), same);
    if (found == tokens.end()) {
      tokens.push_back(std::move(token));
    } else if (found->id == token.id) {
      *found = std::move(token);
    } else {
      fields->Fail("two of its added tokens are looked for as the same text, " + content);
    }
  }
  const auto longer = [](const Token& a, const Token& b) {
    return a.content.size() > b.content.size();
  };
  for (auto& [first, tokens] : added.tokens_) std::sort(tokens.begin(), tokens.end(), longer);
  return added;
}

const AddedTokens::Token* AddedTokens::At(std::u32string_view text) const {
  const auto found = tokens_.find(text[0]);
  if (found == tokens_.end()) return nullptr;
  for (const Token& token : found->second) {
    if (text.substr(0, token.content.size()) == token.content) return &token;
  }
  return nullptr;
}

std::vector<AddedTokens::Part> AddedTokens::Find(std::u32string_view text) const {
  std::vector<Part> parts;
  size_t done = 0;  // up to where there are parts
  const auto add_text = [&](size_t end) {
    if (done < end) parts.push_back({text.substr(done, end - done), std::nullopt});
  };
  for (size_t at = 0; !tokens_.empty() && at < text.size();) {
    const Token* token = At(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at;
    size_t end = at + token->content.size();
    at = end;
    if (token->single_word && ((begin > 0 && IsWordCharacter(text[begin - 1])) ||
                               (end < text.size() && IsWordCharacter(text[end])))) {
      continue;
    }
    if (token->lstrip) {
      while (begin > done && IsWhiteSpace(text[begin - 1])) --begin;
    }
    if (token->rstrip) {
      while (end < text.size() && IsWhiteSpace(text[end])) ++end;
    }
    add_text(begin);
    parts.push_back({text.substr(begin, end - begin), token->id});
    done = end;
  }
  add_text(text.size());
  return parts;
}

}  // namespace sotto
