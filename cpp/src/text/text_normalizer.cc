#include "text/text_normalizer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "text/normal_forms.h"
#include "text/pattern_field.h"
#include "text/split_pattern.h"
#include "text/unicode_classes.h"
#include "text/white_space.h"

namespace sotto {
namespace {

// The ideographs that BERT takes for words.
bool IsIdeograph(char32_t c) {
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
         (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b81f) ||
         (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0x2f800 && c <= 0x2fa1f);
}

void Remove(bool (*unwanted)(char32_t), std::u32string* text) {
  text->erase(std::remove_if(text->begin(), text->end(), unwanted), text->end());
}

// Tabs and line ends are white space here; other control characters go.
void CleanText(std::u32string* text) {
  Remove(IsBertControl, text);
  std::replace_if(text->begin(), text->end(), IsWhiteSpace, U' ');
}

void SpaceIdeographs(std::u32string* text) {
  if (std::none_of(text->begin(), text->end(), IsIdeograph)) return;
  std::u32string spaced;
  spaced.reserve(text->size() * 3);
  for (const char32_t c : *text) {
    if (IsIdeograph(c)) {
      spaced.append({U' ', c, U' '});
    } else {
      spaced.push_back(c);
    }
  }
  *text = std::move(spaced);
}

struct BertNormalizer {
  bool clean_text;
  bool handle_chinese_chars;
  bool strip_accents;
  bool lowercase;

  void operator()(std::u32string* text) const {
    if (clean_text) CleanText(text);
    if (handle_chinese_chars) SpaceIdeographs(text);
    if (strip_accents) {
      *text = Normalize(*text, NormalForm::kNfd);
      Remove(IsBertAccent, text);
    }
    if (lowercase) *text = LowerCase(*text);
  }
};

void Strip(bool left, bool right, std::u32string* text) {
  const auto kept = [](char32_t c) { return !IsWhiteSpace(c); };
  if (right) {
    text->erase(std::find_if(text->rbegin(), text->rend(), kept).base(), text->end());
  }
  if (left) text->erase(text->begin(), std::find_if(text->begin(), text->end(), kept));
}

Result<void> Replace(const SplitPattern& pattern, const std::u32string& content,
                     std::u32string* text) {
  SOTTO_ASSIGN_OR_RETURN(const auto matches, pattern.Find(*text));
  if (matches.empty()) return {};
  std::u32string replaced;
  replaced.reserve(text->size());
  size_t at = 0;
  for (const SplitPattern::Match& match : matches) {
    replaced.append(*text, at, match.begin - at);
    replaced.append(content);
    at = match.end;
  }
  replaced.append(*text, at);
  *text = std::move(replaced);
  return {};
}

}  // namespace

TextNormalizer TextNormalizer::Parse(const Json& json, JsonFields* fields) {
  TextNormalizer normalizer;
  if (!json.is_null()) normalizer.Add(json, 0, fields);
  return normalizer;
}

void TextNormalizer::Add(const Json& json, int depth, JsonFields* fields) {
  static const std::map<std::string, NormalForm> kForms = {{"NFC", NormalForm::kNfc},
                                                           {"NFD", NormalForm::kNfd},
                                                           {"NFKC", NormalForm::kNfkc},
                                                           {"NFKD", NormalForm::kNfkd}};
  const std::string type = fields->Type(json);
  if (const auto form = kForms.find(type); form != kForms.end()) {
    steps_.push_back(Always<std::u32string>(
        [form = form->second](std::u32string* text) { *text = Normalize(*text, form); }));
  } else if (type == "BertNormalizer") {
    BertNormalizer bert{};
    bert.clean_text = fields->Bool(json, "clean_text");
    bert.handle_chinese_chars = fields->Bool(json, "handle_chinese_chars");
    bert.lowercase = fields->Bool(json, "lowercase");
    bert.strip_accents = fields->Bool(json, "strip_accents", bert.lowercase);
    steps_.push_back(Always<std::u32string>(bert));
  } else if (type == "Lowercase") {
    steps_.push_back(
        Always<std::u32string>([](std::u32string* text) { *text = LowerCase(*text); }));
  } else if (type == "StripAccents") {
    steps_.push_back(
        Always<std::u32string>([](std::u32string* text) { Remove(IsCombiningMark, text); }));
  } else if (type == "Strip") {
    const bool left = fields->Bool(json, "strip_left"), right = fields->Bool(json, "strip_right");
    steps_.push_back(
        Always<std::u32string>([left, right](std::u32string* text) { Strip(left, right, text); }));
  } else if (type == "Prepend") {
    const std::u32string prefix = fields->Characters(json, "prepend");
    steps_.push_back(Always<std::u32string>([prefix](std::u32string* text) {
      if (!text->empty()) text->insert(0, prefix);
    }));
  } else if (type == "Replace") {
    std::optional<SplitPattern> pattern = ReadPattern(json, fields);
    const std::u32string content = fields->Characters(json, "content");
    if (!pattern) return;
    steps_.push_back([pattern = std::move(*pattern), content](std::u32string* text) {
      return Replace(pattern, content, text);
    });
  } else if (type == "Sequence" && depth < kMaxSequenceDepth) {
    const Json& list = JsonFields::At(json, "normalizers");
    if (!list.is_array()) fields->Fail("a normalizer's sequence is not a list");
    for (const Json& each : list) Add(each, depth + 1, fields);
  } else {
    fields->Fail("its normalizer is " + type +
                 ", expected BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, "
                 "Strip, Replace, Prepend or a Sequence of them");
  }
}

Result<void> TextNormalizer::Apply(std::u32string* text) const {
  for (const Step& step : steps_) SOTTO_RETURN_IF_ERROR(step(text));
  return {};
}

}  // namespace sotto
