#include "litert/litert_dispatch.h"

#include <dlfcn.h>
#include <doctest.h>

#include <filesystem>
#include <string>

#include "has.h"
#include "small_bundle.h"

namespace sotto {
namespace {

std::string Refusal(const std::string& folder) {
  const auto library = DispatchLibrary::Open(folder);
  REQUIRE_FALSE(library.ok());
  CHECK(library.error().code == ErrorCode::kDevice);
  CHECK(library.error().message.find("SOTTO_DISPATCH") != std::string::npos);
  return library.error().message;
}

TEST_CASE("a folder without a dispatch library, or that is not there, is named") {
  const SmallBundle folder;
  CHECK(Has(Refusal(folder.path()), folder.path() + " holds no libLiteRtDispatch*.so"));
  CHECK(Has(Refusal("/nowhere"), "/nowhere holds no libLiteRtDispatch*.so"));
}

TEST_CASE("of several dispatch libraries none is taken") {
  const SmallBundle folder;
  std::filesystem::create_directory(folder.path() + "/below");
  folder.WriteFile("libLiteRtDispatch_A.so", "");
  folder.WriteFile("below/libLiteRtDispatch_B.so", "");
  CHECK(Has(Refusal(folder.path()), "holds several dispatch libraries"));
}

TEST_CASE("a file that is no library is named with the reason") {
  const SmallBundle folder;
  folder.WriteFile("libLiteRtDispatch_Broken.so", "not a library");
  CHECK(Has(Refusal(folder.path()), "can't load the dispatch library " + folder.path()));
}

#ifdef __linux__
TEST_CASE("a library that is no dispatch library is told by what it lacks") {
  const SmallBundle folder;
  void* other = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
  REQUIRE(other != nullptr);
  Dl_info info{};
  REQUIRE(dladdr(dlsym(other, "cosf"), &info) != 0);
  std::filesystem::copy_file(info.dli_fname, folder.path() + "/libLiteRtDispatch_Other.so");
  CHECK(Has(Refusal(folder.path()), "lacks the function LiteRtDispatchGetApi"));
}
#endif

}  // namespace
}  // namespace sotto
