// Lower case and Unicode's normal forms (UAX #15), as the tokenizers package makes them.

#ifndef SOTTO_SRC_TEXT_NORMAL_FORMS_H_
#define SOTTO_SRC_TEXT_NORMAL_FORMS_H_

#include <string>
#include <string_view>

namespace sotto {

// Each character alone: a final sigma is a sigma.
std::u32string LowerCase(std::u32string_view text);

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };

std::u32string Normalize(std::u32string_view text, NormalForm form);

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_NORMAL_FORMS_H_
