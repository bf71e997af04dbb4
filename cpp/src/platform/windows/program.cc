#include "platform/program.h"

#include "platform/shared_library.h"
#include "platform/windows/wide.h"
// After windows.h, which it needs.
#include <shellapi.h>

namespace sotto {

std::vector<std::string> StartProgram(int, char**) {
  SetConsoleOutputCP(CP_UTF8);
  int count = 0;
  wchar_t** wide = CommandLineToArgvW(GetCommandLineW(), &count);
  std::vector<std::string> arguments;
  for (int i = 0; i < count; ++i) arguments.push_back(Utf8(wide[i]));
  LocalFree(wide);
  return arguments;
}

std::string ProgramPath() { return LibraryPathOf(nullptr); }

}  // namespace sotto
