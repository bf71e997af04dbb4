#include "embed/embedding_text.h"

#include <algorithm>
#include <optional>
#include <string>

namespace sotto {
namespace {

Error BadText(size_t index, const std::string& fault) {
  return Error{ErrorCode::kOption, "text " + std::to_string(index) + " " + fault};
}

std::vector<int>::const_iterator FindEot(const std::vector<int>& ids, const TextEncoderSpec& text) {
  return text.eot_token ? std::find(ids.begin(), ids.end(), *text.eot_token)
                        : std::max_element(ids.begin(), ids.end());
}

}  // namespace

void WritePool(const std::vector<int>& ids, const TextEncoderSpec& text, size_t length,
               float* pool) {
  std::fill_n(pool, length, 0.0f);
  switch (text.pooling) {
    case Pooling::kMean:
      std::fill_n(pool, ids.size(), 1.0f / static_cast<float>(ids.size()));
      break;
    case Pooling::kCls:
      pool[0] = 1;
      break;
    case Pooling::kEot:
      pool[FindEot(ids, text) - ids.begin()] = 1;
      break;
    case Pooling::kLast:
      pool[ids.size() - 1] = 1;
      break;
  }
}

Result<std::unique_ptr<TextTower>> TextTower::Create(std::shared_ptr<const LiteRtRuntime> runtime,
                                                     const TextEncoderSpec& text, int threads) {
  SOTTO_ASSIGN_OR_RETURN(EmbeddingTable tokens,
                         EmbeddingTable::Open(text.token_embedding, text.width));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy positions, MappedNpy::Open(text.position_embedding));
  SOTTO_RETURN_IF_ERROR(positions.Expect(NpyType::kFloat32, {text.max_length, text.width}));
  return std::unique_ptr<TextTower>(
      new TextTower(std::move(runtime), text, std::move(tokens), std::move(positions), threads));
}

Result<void> TextTower::Check(const std::vector<std::vector<int>>& ids) const {
  const auto known = [&](int id) { return id >= 0 && static_cast<size_t>(id) < tokens_.n_vocab(); };
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].empty() || ids[i].size() > text_.max_length) {
      return BadText(i, "has " + std::to_string(ids[i].size()) + " tokens, expected 1 to " +
                            std::to_string(text_.max_length));
    }
    const auto odd = std::find_if_not(ids[i].begin(), ids[i].end(), known);
    if (odd != ids[i].end()) {
      return BadText(i, "has token " + std::to_string(*odd) + ", expected 0 to " +
                            std::to_string(tokens_.n_vocab()) + " (excluded)");
    }
    if (text_.pooling == Pooling::kEot && FindEot(ids[i], text_) == ids[i].end()) {
      return BadText(i, "has no end-of-text token " + std::to_string(*text_.eot_token) +
                            ": its ids must include the special ones");
    }
  }
  return {};
}

Result<void> TextTower::Encode(const std::vector<std::vector<int>>& ids, size_t dimensions,
                               float* out) const {
  SOTTO_RETURN_IF_ERROR(Check(ids));
  std::vector<size_t> lengths;
  lengths.reserve(ids.size());
  for (const std::vector<int>& text : ids) lengths.push_back(text.size());
  return sessions_.With([&](EncoderGraphs* graphs) -> Result<void> {
    for (const Batch& batch : PlanBatches(lengths, text_.buckets)) {
      SOTTO_RETURN_IF_ERROR(Run(batch, ids, dimensions, graphs, out));
    }
    return {};
  });
}

// Row `row` of each of the graph's inputs.
Result<void> TextTower::WriteRow(const std::vector<int>& ids, size_t row, size_t length,
                                 BoundGraph* graph) const {
  float* hidden = graph->tensor("hidden").data() + row * length * text_.width;
  const float* position = positions_.As<float>();
  float* next = hidden;
  for (const int id : ids) {
    SOTTO_RETURN_IF_ERROR(tokens_.Row(id, next));
    for (size_t i = 0; i < text_.width; ++i) next[i] += position[i];
    next += text_.width;
    position += text_.width;
  }
  std::fill(next, hidden + length * text_.width, 0.0f);
  float* mask = graph->tensor("mask").data() + row * length;
  std::fill_n(mask, length, 0.0f);
  if (text_.mask_padding) std::fill(mask + ids.size(), mask + length, text_.masked);
  WritePool(ids, text_, length, graph->tensor("pool").data() + row * length);
  return {};
}

Result<void> TextTower::Run(const Batch& batch, const std::vector<std::vector<int>>& ids,
                            size_t dimensions, EncoderGraphs* graphs, float* out) const {
  const Bucket& bucket = text_.buckets[batch.bucket];
  SOTTO_ASSIGN_OR_RETURN(BoundGraph * graph, graphs->Graph(batch.bucket, bucket.signature));
  // Rows that no text takes keep an earlier one's: whatever they hold, they cost the same.
  for (size_t row = 0; row < batch.items.size(); ++row) {
    const size_t item = batch.items[row];
    SOTTO_RETURN_IF_ERROR(WriteRow(ids[item], row, bucket.length, graph));
  }
  SOTTO_RETURN_IF_ERROR(graph->Run());
  const float* vectors = graph->tensor("embedding").data();
  for (size_t row = 0; row < batch.items.size(); ++row) {
    std::copy_n(vectors + row * dimensions, dimensions, out + batch.items[row] * dimensions);
  }
  return {};
}

}  // namespace sotto
