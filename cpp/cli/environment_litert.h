// The LiteRT library of the Python environment that sotto-native is installed in.

#ifndef SOTTO_CLI_ENVIRONMENT_LITERT_H_
#define SOTTO_CLI_ENVIRONMENT_LITERT_H_

#include <string>

namespace sotto {

// `program`: the executable's path, .../bin/sotto-native. Returns the path of the package
// ai-edge-litert's libLiteRt.so under .../lib/python3.*/site-packages; empty if there is none.
std::string EnvironmentLiteRt(const std::string& program);

// The path of the running executable; empty where the system does not say.
std::string ProgramPath();

}  // namespace sotto

#endif  // SOTTO_CLI_ENVIRONMENT_LITERT_H_
