// Classes of characters, each as a part of the tokenizers package knows it. Its parts are of
// several versions of Unicode, so a character may be a mark to one and unknown to another.

#ifndef SOTTO_SRC_TEXT_UNICODE_CLASSES_H_
#define SOTTO_SRC_TEXT_UNICODE_CLASSES_H_

namespace sotto {

// General categories of the regular expressions of Split and Replace; letters (L) and numbers (N)
// are in text/character_classes.h.
bool IsUpperCase(char32_t c);            // \p{Lu}
bool IsLowerCase(char32_t c);            // \p{Ll}
bool IsTitleCase(char32_t c);            // \p{Lt}
bool IsModifierLetter(char32_t c);       // \p{Lm}
bool IsMark(char32_t c);                 // \p{M}
bool IsDecimalNumber(char32_t c);        // \p{Nd}
bool IsPunctuationCategory(char32_t c);  // \p{P}
bool IsSymbol(char32_t c);               // \p{S}

bool IsBertControl(char32_t c);      // what BertNormalizer's clean_text removes
bool IsBertAccent(char32_t c);       // what its strip_accents removes after NFD
bool IsBertPunctuation(char32_t c);  // what BertPreTokenizer and Punctuation split off
bool IsNumeric(char32_t c);          // what Digits splits off
bool IsCombiningMark(char32_t c);    // what StripAccents removes
bool IsWordCharacter(char32_t c);    // \w of Whitespace and of single_word tokens

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_UNICODE_CLASSES_H_
