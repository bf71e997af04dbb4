#include "platform/path.h"

namespace sotto {

std::filesystem::path PathFrom(const std::string& utf8) { return utf8; }

std::string Utf8From(const std::filesystem::path& path) { return path.string(); }

}  // namespace sotto
