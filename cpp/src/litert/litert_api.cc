#include "litert/litert_api.h"

#include <cstdlib>

#include "platform/shared_library.h"

namespace sotto {
namespace {

std::string Remedy() {
  return "Install the Python package ai-edge-litert 2.3 or newer, or point --litert or "
         "$SOTTO_LITERT at its " +
         LiteRtApi::LibraryName() + ".";
}

const char* StatusName(LiteRtStatus status) {
  switch (status) {
    case 1:
      return "an invalid argument";
    case 2:
      return "that memory ran out";
    case 3:
      return "a failure at run time";
    case 5:
      return "something unsupported";
    case 6:
      return "something not found";
    case 8:
    case 4000:
      return "a wrong version";
    case 500:
      return "a file that can't be read";
    case 501:
      return "an invalid flatbuffer";
    case 504:
      return "a failed compilation";
    default:
      return "an error";
  }
}

}  // namespace

Result<std::shared_ptr<const LiteRtApi>> LiteRtApi::Load(const std::string& library_path) {
  std::string path = library_path;
  if (path.empty()) {
    const char* from_environment = std::getenv("SOTTO_LITERT");
    path =
        from_environment != nullptr && *from_environment != '\0' ? from_environment : LibraryName();
  }
  auto api = std::make_shared<LiteRtApi>();
  const SharedLibrary library(path);
  if (!library.ok()) {
    return Error{ErrorCode::kDevice, "can't load the LiteRT library " + path + " (" +
                                         library.fault() + "). " + Remedy()};
  }
  // From 2.1.6 on, functions that make a model begin with the environment. A pointer doesn't tell,
  // but the function that came with that version does.
  if (library.Find<void*>("LiteRtCreateModelFromBuffer") != nullptr &&
      library.Find<void*>("LiteRtCreateModelFromFd") == nullptr) {
    return Error{ErrorCode::kDevice, "the LiteRT library " + path +
                                         " is older than 2.1.6, whose functions take other "
                                         "arguments under the same names. " +
                                         Remedy()};
  }
#define SOTTO_RESOLVE(name, result, arguments)                                                  \
  api->name = library.Find<result(*) arguments>(#name);                                         \
  if (api->name == nullptr) {                                                                   \
    return Error{ErrorCode::kDevice, "the LiteRT library " + path +                             \
                                         " lacks the function " #name                           \
                                         ": it is older than Sotto needs, or is not LiteRT. " + \
                                         Remedy()};                                             \
  }
  SOTTO_LITERT_FUNCTIONS(SOTTO_RESOLVE)
#undef SOTTO_RESOLVE
  return std::shared_ptr<const LiteRtApi>(std::move(api));
}

std::string LiteRtApi::LibraryName() { return std::string("libLiteRt") + kLibrarySuffix; }

Error LiteRtError(ErrorCode code, const std::string& what, LiteRtStatus status) {
  return Error{
      code, what + ": LiteRT reports " + StatusName(status) + " (" + std::to_string(status) + ")"};
}

std::string LiteRtApi::Path() const {
  return LibraryPathOf(reinterpret_cast<const void*>(LiteRtCreateEnvironment));
}

}  // namespace sotto
