// Paths as Windows takes them. Everywhere else in Sotto they are UTF-8.

#ifndef SOTTO_SRC_PLATFORM_WINDOWS_WIDE_H_
#define SOTTO_SRC_PLATFORM_WINDOWS_WIDE_H_

// Before others of the system's headers; without its macros min and max.
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <string>

namespace sotto {

std::wstring Wide(const std::string& utf8);
std::string Utf8(const std::wstring& wide);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_WINDOWS_WIDE_H_
