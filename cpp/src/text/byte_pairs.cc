#include "text/byte_pairs.h"

#include <algorithm>
#include <cstdio>
#include <queue>
#include <utility>

#include "text/utf8.h"

namespace sotto {
namespace {

uint64_t Key(int left, int right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

std::unique_ptr<const BytePairs> BytePairs::Parse(const Json& json, JsonFields* fields) {
  auto model = std::make_unique<BytePairs>();
  model->vocabulary_ = Vocabulary::Parse(JsonFields::At(json, "vocab"), fields);
  model->prefix_ = fields->StringOr(json, "continuing_subword_prefix", "");
  model->suffix_ = fields->StringOr(json, "end_of_word_suffix", "");
  model->fuse_unknown_ = fields->Bool(json, "fuse_unk", false);
  model->ignore_merges_ = fields->Bool(json, "ignore_merges", false);
  const Json& dropout = JsonFields::At(json, "dropout");
  if (!dropout.is_null() && dropout != 0) fields->Fail("its dropout is not 0: it is for training");
  if (JsonFields::Has(json, "unk_token")) {
    const std::string unknown = fields->String(json, "unk_token");
    model->unknown_ = model->vocabulary_.Find(unknown);
    if (!model->unknown_) fields->Fail("its unk_token, " + unknown + ", is not in the vocabulary");
  }
  if (fields->Bool(json, "byte_fallback", false)) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      char name[8];
      std::snprintf(name, sizeof(name), "<0x%02X>", byte);
      model->bytes_.push_back(model->vocabulary_.Find(name));
    }
  }
  model->ParseMerges(JsonFields::At(json, "merges"), fields);
  return model;
}

// A merge is ["a", "b"], or "a b" in older files.
void BytePairs::ParseMerges(const Json& json, JsonFields* fields) {
  if (!json.is_array()) fields->Fail("its merges are not a list");
  merges_.reserve(json.size());
  uint32_t rank = 0;
  for (const Json& merge : json) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      AddMerge(merge[0].get<std::string>(), merge[1].get<std::string>(), rank++, fields);
      continue;
    }
    const std::string line = merge.is_string() ? merge.get<std::string>() : "";
    if (line.compare(0, 8, "#version") == 0) continue;
    const size_t space = line.find(' ');
    if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos) {
      fields->Fail("merge " + std::to_string(rank) + " is not of two tokens");
      return;
    }
    AddMerge(line.substr(0, space), line.substr(space + 1), rank++, fields);
  }
}

void BytePairs::AddMerge(const std::string& left, const std::string& right, uint32_t rank,
                         JsonFields* fields) {
  const std::optional<int> left_id = vocabulary_.Find(left), right_id = vocabulary_.Find(right);
  std::optional<int> id;
  if (right.size() >= prefix_.size()) id = vocabulary_.Find(left + right.substr(prefix_.size()));
  if (!left_id || !right_id || !id) {
    fields->Fail("merge " + std::to_string(rank) + ", of \"" + left + "\" and \"" + right +
                 "\", has a token that is not in the vocabulary");
    return;
  }
  merges_[Key(*left_id, *right_id)] = {rank, *id};
}

const BytePairs::Merge* BytePairs::Find(int left, int right) const {
  const auto found = merges_.find(Key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairs::Append(std::u32string_view piece, std::vector<int>* ids) const {
  if (ignore_merges_) {
    if (const std::optional<int> id = vocabulary_.Find(ToUtf8(piece))) {
      ids->push_back(*id);
      return;
    }
  }
  std::vector<int> symbols = Symbols(piece);
  Join(&symbols);
  ids->insert(ids->end(), symbols.begin(), symbols.end());
}

// A token for each character. A character without one is spelled in bytes, or unknown, or left out.
// An unknown one waits for the next that is in the vocabulary, or else unknown, as in the
// tokenizers package, so bytes in between come first.
std::vector<int> BytePairs::Symbols(std::u32string_view piece) const {
  std::vector<int> symbols;
  symbols.reserve(piece.size());
  std::string token;
  bool waiting = false;
  for (size_t i = 0; i < piece.size(); ++i) {
    token.assign(i > 0 ? prefix_ : "");
    AppendUtf8(piece[i], &token);
    if (i + 1 == piece.size()) token += suffix_;
    if (const std::optional<int> id = vocabulary_.Find(token)) {
      if (std::exchange(waiting, false)) symbols.push_back(*unknown_);
      symbols.push_back(*id);
      continue;
    }
    const auto id_of = [this](char byte) { return bytes_[static_cast<unsigned char>(byte)]; };
    if (!bytes_.empty() && std::all_of(token.begin(), token.end(),
                                       [&](char byte) { return id_of(byte).has_value(); })) {
      for (const char byte : token) symbols.push_back(*id_of(byte));
      continue;
    }
    if (!unknown_) continue;
    if (waiting && !fuse_unknown_) symbols.push_back(*unknown_);
    waiting = true;
  }
  if (waiting) symbols.push_back(*unknown_);
  return symbols;
}

void BytePairs::Join(std::vector<int>* symbols) const {
  struct Candidate {
    uint32_t rank;
    uint32_t at;  // of the left one
    int id;       // of both
  };
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  };
  constexpr int kGone = -1;  // joined with the one before
  const auto size = static_cast<uint32_t>(symbols->size());
  std::vector<int>& ids = *symbols;
  std::vector<uint32_t> next(size), previous(size);
  std::vector<Candidate> heap;
  for (uint32_t i = 0; i < size; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 == size) break;
    if (const Merge* merge = Find(ids[i], ids[i + 1])) heap.push_back({merge->rank, i, merge->id});
  }
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later,
                                                                                std::move(heap));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const uint32_t left = best.at;
    if (ids[left] == kGone || next[left] >= size) continue;
    const uint32_t right = next[left];
    const Merge* merge = Find(ids[left], ids[right]);
    if (merge == nullptr || merge->id != best.id) continue;  // of symbols that are no more
    ids[left] = best.id;
    ids[right] = kGone;
    next[left] = next[right];
    if (next[left] < size) previous[next[left]] = left;
    if (left > 0) {
      const uint32_t before = previous[left];
      if (const Merge* with = Find(ids[before], ids[left])) {
        queue.push({with->rank, before, with->id});
      }
    }
    if (next[left] < size) {
      if (const Merge* with = Find(ids[left], ids[next[left]])) {
        queue.push({with->rank, left, with->id});
      }
    }
  }
  ids.erase(std::remove(ids.begin(), ids.end(), kGone), ids.end());
}

}  // namespace sotto
