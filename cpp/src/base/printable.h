// Names that a stranger has chosen, for messages.

#ifndef SOTTO_SRC_BASE_PRINTABLE_H_
#define SOTTO_SRC_BASE_PRINTABLE_H_

#include <string>
#include <string_view>

namespace sotto {

// The first 100 bytes of a name of any bytes, with "?" for what is not printable ASCII: messages
// are UTF-8, and are printed.
std::string Printable(std::string_view name);

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_PRINTABLE_H_
