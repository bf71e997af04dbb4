#include "sotto/text_tokenizer.h"

#include <optional>
#include <string>
#include <utility>

#include "text/added_tokens.h"
#include "text/json_fields.h"
#include "text/pre_tokenizer.h"
#include "text/special_tokens.h"
#include "text/subword_model.h"
#include "text/text_normalizer.h"
#include "text/utf8.h"

namespace sotto {

class TextTokenizer::Impl {
 public:
  static Result<std::shared_ptr<const Impl>> Parse(std::string_view json);

  // No more than `limit` ids.
  Result<void> Append(std::string_view text, size_t limit, std::vector<int>* ids) const;

  const SpecialTokens& special() const { return special_; }

 private:
  Result<void> AppendNormalized(std::u32string_view text, size_t limit,
                                std::vector<int>* ids) const;
  Result<void> AppendPieces(std::u32string_view text, size_t limit, std::vector<int>* ids) const;

  AddedTokens added_;
  TextNormalizer normalizer_;
  AddedTokens added_normalized_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<const SubwordModel> model_;
  SpecialTokens special_;
};

Result<std::shared_ptr<const TextTokenizer::Impl>> TextTokenizer::Impl::Parse(
    std::string_view json) {
  JsonFields fields;
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) fields.Fail("it is no JSON object");
  if (fields.failed()) return fields.error();
  auto impl = std::make_shared<Impl>();
  impl->model_ = SubwordModel::Parse(JsonFields::At(root, "model"), &fields);
  impl->normalizer_ = TextNormalizer::Parse(JsonFields::At(root, "normalizer"), &fields);
  impl->pre_tokenizer_ = PreTokenizer::Parse(JsonFields::At(root, "pre_tokenizer"), &fields);
  impl->special_ = SpecialTokens::Parse(JsonFields::At(root, "post_processor"), &fields);
  if (fields.failed()) return fields.error();
  const Json& added = JsonFields::At(root, "added_tokens");
  const Vocabulary& vocabulary = impl->model_->vocabulary();
  impl->added_ = AddedTokens::Parse(added, false, vocabulary, impl->normalizer_, &fields);
  impl->added_normalized_ = AddedTokens::Parse(added, true, vocabulary, impl->normalizer_, &fields);
  if (fields.failed()) return fields.error();
  return std::shared_ptr<const Impl>(std::move(impl));
}

Result<void> TextTokenizer::Impl::Append(std::string_view text, size_t limit,
                                         std::vector<int>* ids) const {
  const std::optional<std::u32string> points = CodePoints(text);
  if (!points) {
    return Error{ErrorCode::kOption, "a text is not valid UTF-8: replace what is not before"};
  }
  for (const AddedTokens::Part& part : added_.Find(*points)) {
    if (ids->size() >= limit) break;
    if (part.id) {
      ids->push_back(*part.id);
    } else {
      SOTTO_RETURN_IF_ERROR(AppendNormalized(part.text, limit, ids));
    }
  }
  if (ids->size() > limit) ids->resize(limit);
  return {};
}

Result<void> TextTokenizer::Impl::AppendNormalized(std::u32string_view text, size_t limit,
                                                   std::vector<int>* ids) const {
  std::u32string normal(text);
  SOTTO_RETURN_IF_ERROR(normalizer_.Apply(&normal));
  for (const AddedTokens::Part& part : added_normalized_.Find(normal)) {
    if (ids->size() >= limit) break;
    if (part.id) {
      ids->push_back(*part.id);
    } else {
      SOTTO_RETURN_IF_ERROR(AppendPieces(part.text, limit, ids));
    }
  }
  return {};
}

Result<void> TextTokenizer::Impl::AppendPieces(std::u32string_view text, size_t limit,
                                               std::vector<int>* ids) const {
  TextParts pieces{{text}, {}};
  SOTTO_RETURN_IF_ERROR(pre_tokenizer_.Apply(&pieces));
  for (const std::u32string_view piece : pieces.parts) {
    if (ids->size() >= limit) break;
    model_->Append(piece, ids);
  }
  return {};
}

TextTokenizer::TextTokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<TextTokenizer> TextTokenizer::Parse(std::string_view json) {
  SOTTO_ASSIGN_OR_RETURN(auto impl, Impl::Parse(json));
  return TextTokenizer(std::move(impl));
}

Result<std::vector<int>> TextTokenizer::Encode(std::string_view text, size_t max_length) const {
  const SpecialTokens& special = impl_->special();
  if (max_length < this->special()) {
    return Error{ErrorCode::kOption, "max_length is " + std::to_string(max_length) +
                                         ", and special tokens alone are " +
                                         std::to_string(this->special())};
  }
  std::vector<int> ids = special.before;
  SOTTO_RETURN_IF_ERROR(impl_->Append(text, max_length - special.after.size(), &ids));
  ids.insert(ids.end(), special.after.begin(), special.after.end());
  return ids;
}

Result<std::vector<int>> TextTokenizer::EncodePlain(std::string_view text,
                                                    size_t max_length) const {
  std::vector<int> ids;
  SOTTO_RETURN_IF_ERROR(impl_->Append(text, max_length, &ids));
  return ids;
}

size_t TextTokenizer::special() const {
  return impl_->special().before.size() + impl_->special().after.size();
}

}  // namespace sotto
