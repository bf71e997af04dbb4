#include "text/pre_tokenizer.h"

#include <array>
#include <optional>
#include <utility>

#include "text/byte_characters.h"
#include "text/part_splits.h"
#include "text/pattern_field.h"
#include "text/unicode_classes.h"
#include "text/utf8.h"
#include "text/white_space.h"

namespace sotto {
namespace {

constexpr char kGpt2[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Splits at each character that is a separator.
template <typename IsSeparator>
void SplitAt(IsSeparator is_separator, Separators separators, TextParts* text) {
  std::vector<std::u32string_view> parts;
  std::vector<Span> spans;
  for (const std::u32string_view part : text->parts) {
    spans.clear();
    size_t begin = 0;
    for (size_t i = 0; i < part.size(); ++i) {
      if (!is_separator(part[i])) continue;
      if (begin < i) spans.push_back({begin, i, false});
      spans.push_back({i, i + 1, true});
      begin = i + 1;
    }
    if (begin < part.size()) spans.push_back({begin, part.size(), false});
    AppendParts(part, spans, separators, &parts);
  }
  text->parts = std::move(parts);
}

// Splits at each match; inverted, what is between matches separates.
Result<void> SplitBy(const SplitPattern& pattern, Separators separators, bool invert,
                     TextParts* text) {
  std::vector<std::u32string_view> parts;
  std::vector<Span> spans;
  for (const std::u32string_view part : text->parts) {
    SOTTO_ASSIGN_OR_RETURN(const auto matches, pattern.Find(part));
    spans.clear();
    size_t at = 0;
    for (const SplitPattern::Match& match : matches) {
      if (at < match.begin) spans.push_back({at, match.begin, invert});
      spans.push_back({match.begin, match.end, !invert});
      at = match.end;
    }
    if (at < part.size()) spans.push_back({at, part.size(), invert});
    AppendParts(part, spans, separators, &parts);
  }
  text->parts = std::move(parts);
  return {};
}

void PrefixSpace(TextParts* text) {
  for (std::u32string_view& part : text->parts) {
    if (part[0] == U' ') continue;
    text->changed.push_back(U' ' + std::u32string(part));
    part = text->changed.back();
  }
}

void BytesAsCharacters(TextParts* text) {
  for (std::u32string_view& part : text->parts) {
    std::u32string characters;
    for (const char byte : ToUtf8(part)) {
      characters.push_back(CharacterOfByte(static_cast<unsigned char>(byte)));
    }
    text->changed.push_back(std::move(characters));
    part = text->changed.back();
  }
}

struct ByteLevel {
  bool add_prefix_space;
  std::optional<SplitPattern> pattern;

  Result<void> operator()(TextParts* text) const {
    if (add_prefix_space) PrefixSpace(text);
    if (pattern) SOTTO_RETURN_IF_ERROR(SplitBy(*pattern, Separators::kIsolated, false, text));
    BytesAsCharacters(text);
    return {};
  }
};

// \w+|[^\w\s]+
void SplitWords(TextParts* text) {
  enum class Kind { kSpace, kWord, kOther };
  const auto kind_of = [](char32_t c) {
    if (IsWordCharacter(c)) return Kind::kWord;
    return IsWhiteSpace(c) ? Kind::kSpace : Kind::kOther;
  };
  std::vector<std::u32string_view> parts;
  for (const std::u32string_view part : text->parts) {
    for (size_t begin = 0, end = 0; begin < part.size(); begin = end) {
      const Kind kind = kind_of(part[begin]);
      while (end < part.size() && kind_of(part[end]) == kind) ++end;
      if (kind != Kind::kSpace) parts.push_back(part.substr(begin, end - begin));
    }
  }
  text->parts = std::move(parts);
}

}  // namespace

PreTokenizer PreTokenizer::Parse(const Json& json, JsonFields* fields) {
  PreTokenizer pre_tokenizer;
  if (!json.is_null()) pre_tokenizer.Add(json, 0, fields);
  return pre_tokenizer;
}

void PreTokenizer::Add(const Json& json, int depth, JsonFields* fields) {
  const std::string type = fields->Type(json);
  if (type == "BertPreTokenizer") {
    steps_.push_back(Always<TextParts>([](TextParts* text) {
      SplitAt(IsWhiteSpace, Separators::kRemoved, text);
      SplitAt(IsBertPunctuation, Separators::kIsolated, text);
    }));
  } else if (type == "ByteLevel") {
    ByteLevel level{fields->Bool(json, "add_prefix_space"), std::nullopt};
    if (fields->Bool(json, "use_regex", true)) level.pattern = SplitPattern::Parse(kGpt2).value();
    steps_.push_back(std::move(level));
  } else if (type == "Split") {
    std::optional<SplitPattern> pattern = ReadPattern(json, fields);
    const Separators separators = ReadSeparators(json, "behavior", fields);
    const bool invert = fields->Bool(json, "invert");
    if (!pattern) return;
    steps_.push_back([pattern = std::move(*pattern), separators, invert](TextParts* text) {
      return SplitBy(pattern, separators, invert, text);
    });
  } else if (type == "Whitespace") {
    steps_.push_back(Always<TextParts>(SplitWords));
  } else if (type == "WhitespaceSplit") {
    steps_.push_back(Always<TextParts>(
        [](TextParts* text) { SplitAt(IsWhiteSpace, Separators::kRemoved, text); }));
  } else if (type == "Punctuation") {
    const Separators separators = JsonFields::Has(json, "behavior")
                                      ? ReadSeparators(json, "behavior", fields)
                                      : Separators::kIsolated;
    steps_.push_back(Always<TextParts>(
        [separators](TextParts* text) { SplitAt(IsBertPunctuation, separators, text); }));
  } else if (type == "Digits") {
    const Separators separators =
        fields->Bool(json, "individual_digits") ? Separators::kIsolated : Separators::kContiguous;
    steps_.push_back(
        Always<TextParts>([separators](TextParts* text) { SplitAt(IsNumeric, separators, text); }));
  } else if (type == "Sequence" && depth < kMaxSequenceDepth) {
    const Json& list = JsonFields::At(json, "pretokenizers");
    if (!list.is_array()) fields->Fail("a pre_tokenizer's sequence is not a list");
    for (const Json& each : list) Add(each, depth + 1, fields);
  } else {
    fields->Fail("its pre_tokenizer is " + type +
                 ", expected BertPreTokenizer, ByteLevel, Split, Whitespace, WhitespaceSplit, "
                 "Punctuation, Digits or a Sequence of them");
  }
}

Result<void> PreTokenizer::Apply(TextParts* text) const {
  for (const Step& step : steps_) SOTTO_RETURN_IF_ERROR(step(text));
  return {};
}

}  // namespace sotto
