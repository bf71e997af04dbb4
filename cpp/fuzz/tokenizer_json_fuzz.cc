// A tokenizer of an encoder of text: texts of many scripts have ids, none of them negative.

#include <cstdint>
#include <string_view>

#include "checked_message.h"
#include "sotto/text_tokenizer.h"

namespace {

constexpr std::string_view kTexts[] = {"",
                                       "It's 1859: Tellson's  Bank!\n",
                                       "\xc3\x89t\xc3\xa9 stra\xc3\x9f"
                                       "e",
                                       "\xe4\xbb\x8a\xe6\x97\xa5\xe3\x81\xaf \xf0\x9f\x99\x82",
                                       "[CLS] <s> </s> <|endoftext|> [MASK]",
                                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"};
constexpr size_t kMaxLength = 32;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tokenizer = sotto::TextTokenizer::Parse({reinterpret_cast<const char*>(data), size});
  if (!sotto::Accepted(tokenizer)) return 0;
  for (const std::string_view text : kTexts) {
    const auto ids = tokenizer->Encode(text, kMaxLength);
    if (!sotto::Accepted(ids)) continue;
    if (ids->size() > kMaxLength) std::abort();
    for (const int id : *ids) {
      if (id < 0) std::abort();
    }
  }
  return 0;
}
