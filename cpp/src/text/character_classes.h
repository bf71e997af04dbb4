// Unicode's letters and numbers: \p{L} and \p{N} of tiktoken's regular expressions.

#ifndef SOTTO_SRC_TEXT_CHARACTER_CLASSES_H_
#define SOTTO_SRC_TEXT_CHARACTER_CLASSES_H_

namespace sotto {

bool IsLetter(char32_t c);
bool IsNumber(char32_t c);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_CHARACTER_CLASSES_H_
