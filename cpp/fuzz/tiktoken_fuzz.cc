// Whisper's vocabulary: every id has its bytes, and a text comes back as it was.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "checked_message.h"
#include "sotto/bundle_files.h"
#include "sotto/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto file = sotto::FileView::InMemory("tokenizer.tiktoken", text);
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  const auto tokenizer = sotto::Tokenizer::Open(*file, lines);
  if (!sotto::Accepted(tokenizer)) return 0;
  std::vector<int> ids;
  for (int id = -1; id <= tokenizer->n_text(); ++id) ids.push_back(id);
  const std::string all = tokenizer->Decode(ids);
  if (sotto::DecodeUtf8(all) != all) std::abort();
  for (const int id : tokenizer->Encode("It's 1859, \n\n Tellson's \xc3\xa9t\xc3\xa9")) {
    if (id < 0 || id >= tokenizer->n_text()) std::abort();
  }
  return 0;
}
