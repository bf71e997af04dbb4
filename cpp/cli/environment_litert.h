// The LiteRT library of the Python environment that sotto-native is installed in.

#ifndef SOTTO_CLI_ENVIRONMENT_LITERT_H_
#define SOTTO_CLI_ENVIRONMENT_LITERT_H_

#include <string>

namespace sotto {

// `program`: the executable's path, .../bin/sotto-native or ...\Scripts\sotto-native.exe. Returns
// the path of the library in the package ai-edge-litert of that environment; empty if there is
// none.
std::string EnvironmentLiteRt(const std::string& program);

}  // namespace sotto

#endif  // SOTTO_CLI_ENVIRONMENT_LITERT_H_
