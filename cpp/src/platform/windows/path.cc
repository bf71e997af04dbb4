#include "platform/path.h"

#include "platform/windows/wide.h"

namespace sotto {

std::filesystem::path PathFrom(const std::string& utf8) { return Wide(utf8); }

std::string Utf8From(const std::filesystem::path& path) { return Utf8(path.wstring()); }

}  // namespace sotto
