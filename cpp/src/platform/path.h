// Paths between the standard library's type and UTF-8, which Sotto's strings are everywhere.

#ifndef SOTTO_SRC_PLATFORM_PATH_H_
#define SOTTO_SRC_PLATFORM_PATH_H_

#include <filesystem>
#include <string>

namespace sotto {

// Neither throws; what is not UTF-8 is a path that does not exist on Windows, and kept elsewhere.
std::filesystem::path PathFrom(const std::string& utf8);
std::string Utf8From(const std::filesystem::path& path);

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_PATH_H_
