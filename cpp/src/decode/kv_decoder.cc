#include "decode/kv_decoder.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/cancellation.h"
#include "base/stopwatch.h"

namespace sotto {
namespace {

// Fewer positions are run one by one: a block costs as much as some four steps, and has buffers to
// fill.
constexpr size_t kMinBlock = 8;

bool GivesLogits(const Signature& signature) {
  return std::any_of(signature.outputs.begin(), signature.outputs.end(),
                     [](const TensorSpec& spec) { return spec.name == "logits"; });
}

}  // namespace

DecoderCounters& DecoderCounters::operator+=(const DecoderCounters& other) {
  steps += other.steps;
  blocks += other.blocks;
  cache_bytes_written += other.cache_bytes_written;
  cache_bytes_copied += other.cache_bytes_copied;
  milliseconds += other.milliseconds;
  return *this;
}

Result<std::unique_ptr<KvDecoder>> KvDecoder::Create(CompiledFiles* files, const DecoderSpec& spec,
                                                     const DecoderGraphs& graphs,
                                                     const DecoderTables& tables) {
  std::unique_ptr<KvDecoder> decoder(new KvDecoder(files, spec, graphs, tables));
  SOTTO_RETURN_IF_ERROR(decoder->MakeStep());
  SOTTO_RETURN_IF_ERROR(decoder->AddCaches());
  return decoder;
}

Result<void> KvDecoder::MakeStep() {
  SOTTO_ASSIGN_OR_RETURN(auto graph, Graph::Create(files_, graphs_.step));
  std::set<std::string> own = {"hidden", "mask"};
  for (const PositionTable& table : tables_.positions) own.insert(table.input);
  for (const TensorSpec& spec : graph->inputs()) {
    if (own.count(spec.name) > 0 || spec.name.rfind("self_", 0) == 0) continue;
    SOTTO_ASSIGN_OR_RETURN(TensorBuffer buffer, graph->MakeBuffer(spec));
    buffers_.push_back(std::move(buffer));
    further_[spec.name] = &buffers_.back();
  }
  SOTTO_ASSIGN_OR_RETURN(step_, BlockGraph::Create(std::move(graph), spec_, tables_, further_));
  if (step_->size() == 1 && step_->output("logits") != nullptr) return {};
  return Error{ErrorCode::kModel, step_->graph().label() + " is no step of a decoder: it takes " +
                                      std::to_string(step_->size()) + " positions and gives " +
                                      (step_->output("logits") != nullptr ? "" : "no ") +
                                      "logits, expected 1 and them"};
}

Result<void> KvDecoder::MakeBlock() {
  if (block_ != nullptr) return {};
  SOTTO_ASSIGN_OR_RETURN(auto graph, Graph::Create(files_, *graphs_.block));
  SOTTO_ASSIGN_OR_RETURN(block_, BlockGraph::Create(std::move(graph), spec_, tables_, further_));
  return {};
}

Result<void> KvDecoder::AddCaches() {
  SOTTO_ASSIGN_OR_RETURN(auto caches, SelfCaches::Create(step_->graph(), spec_));
  caches_.push_back(std::move(caches));
  return {};
}

// What the caches hold is masked, so it may stay.
void KvDecoder::Restart() { texts_.assign(1, {}); }

// Caches that no text uses.
Result<size_t> KvDecoder::FreeCaches(const std::vector<bool>& used) {
  const auto free = std::find(used.begin(), used.end(), false);
  if (free != used.end()) return static_cast<size_t>(free - used.begin());
  SOTTO_RETURN_IF_ERROR(AddCaches());
  return caches_.size() - 1;
}

Result<void> KvDecoder::Fork(const std::vector<size_t>& parents) {
  if (parents.empty()) return {};
  std::vector<bool> used(caches_.size(), false);
  for (size_t parent : parents) used[texts_[parent].caches] = true;
  std::vector<bool> handed_over(texts_.size(), false);
  std::vector<Text> texts;
  for (size_t parent : parents) {
    Text text = texts_[parent];
    if (handed_over[parent]) {
      SOTTO_ASSIGN_OR_RETURN(text.caches, FreeCaches(used));
      used.resize(caches_.size());
      used[text.caches] = true;
      counters_.cache_bytes_copied += static_cast<int64_t>(caches_[text.caches]->CopyFrom(
          *caches_[texts_[parent].caches], static_cast<size_t>(text.position)));
    }
    handed_over[parent] = true;
    texts.push_back(text);
  }
  texts_ = std::move(texts);
  return {};
}

Result<void> KvDecoder::RollBack(int position, size_t text) {
  if (position < 0 || position > texts_[text].position) {
    return Error{ErrorCode::kModel, "the text has " + std::to_string(texts_[text].position) +
                                        " positions and can't go back to " +
                                        std::to_string(position)};
  }
  texts_[text].position = position;
  return {};
}

Result<void> KvDecoder::CheckRoom(size_t count, size_t text) const {
  if (static_cast<size_t>(texts_[text].position) + count <= static_cast<size_t>(spec_.cache)) {
    return {};
  }
  return Error{ErrorCode::kModel, "the text is longer than the decoder's cache of " +
                                      std::to_string(spec_.cache) + " positions"};
}

Result<void> KvDecoder::Feed(const std::vector<int>& tokens, const std::function<bool()>& cancelled,
                             const OnLogits& on_logits, size_t text) {
  const auto fill = [&](size_t i, float* hidden) { return tables_.tokens->Row(tokens[i], hidden); };
  return FeedAll(tokens.size(), fill, cancelled, on_logits, text);
}

Result<void> KvDecoder::FeedRows(const float* rows, size_t count,
                                 const std::function<bool()>& cancelled, const OnLogits& on_logits,
                                 size_t text) {
  const size_t width = static_cast<size_t>(spec_.width);
  const auto fill = [&](size_t i, float* hidden) -> Result<void> {
    std::copy_n(rows + i * width, width, hidden);
    return {};
  };
  return FeedAll(count, fill, cancelled, on_logits, text);
}

Result<void> KvDecoder::FeedAll(size_t count, const FillRow& fill,
                                const std::function<bool()>& cancelled, const OnLogits& on_logits,
                                size_t text) {
  SOTTO_RETURN_IF_ERROR(CheckRoom(count, text));
  const bool has_block = graphs_.block && (!on_logits || GivesLogits(*graphs_.block));
  for (size_t done = 0; done < count;) {
    SOTTO_RETURN_IF_ERROR(StopIf(cancelled));
    const bool by_block = has_block && count - done >= kMinBlock;
    if (by_block) SOTTO_RETURN_IF_ERROR(MakeBlock());
    BlockGraph* graph = by_block ? block_.get() : step_.get();
    const size_t size = std::min(graph->size(), count - done);
    const int position = texts_[text].position;
    SOTTO_RETURN_IF_ERROR(Run(graph, done, size, fill, text));
    for (size_t i = 0; on_logits && i < size; ++i) {
      on_logits(position + static_cast<int>(i),
                graph->output("logits")->data() + i * static_cast<size_t>(spec_.vocabulary));
    }
    done += size;
  }
  return {};
}

Result<const float*> KvDecoder::Step(int token, size_t text) {
  SOTTO_RETURN_IF_ERROR(CheckRoom(1, text));
  const auto fill = [&](size_t, float* hidden) { return tables_.tokens->Row(token, hidden); };
  SOTTO_RETURN_IF_ERROR(Run(step_.get(), 0, 1, fill, text));
  return step_->output("logits")->data();
}

Result<void> KvDecoder::Run(BlockGraph* graph, size_t first, size_t count, const FillRow& fill,
                            size_t text) {
  const Stopwatch watch;
  for (size_t i = 0; i < count; ++i) SOTTO_RETURN_IF_ERROR(fill(first + i, graph->hidden(i)));
  int& position = texts_[text].position;
  SOTTO_ASSIGN_OR_RETURN(const size_t written,
                         graph->Run(static_cast<size_t>(position), count, caches(text)));
  position += static_cast<int>(count);
  if (graph == step_.get()) {
    ++counters_.steps;
    counters_.cache_bytes_written += static_cast<int64_t>(written);
  } else {
    ++counters_.blocks;
  }
  counters_.milliseconds += watch.Milliseconds();
  return {};
}

}  // namespace sotto
