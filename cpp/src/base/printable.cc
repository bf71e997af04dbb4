#include "base/printable.h"

#include <algorithm>

namespace sotto {

std::string Printable(std::string_view name) {
  constexpr size_t kMaxLength = 100;
  std::string text(name.substr(0, kMaxLength));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name.size() > kMaxLength ? text + "..." : text;
}

}  // namespace sotto
