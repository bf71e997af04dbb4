#ifndef SOTTO_TEST_HAS_H_
#define SOTTO_TEST_HAS_H_

#include <string>

namespace sotto {

// Whether a message says something.
inline bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sotto

#endif  // SOTTO_TEST_HAS_H_
