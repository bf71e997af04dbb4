// What a program asks the system when it starts.

#ifndef SOTTO_SRC_PLATFORM_PROGRAM_H_
#define SOTTO_SRC_PLATFORM_PROGRAM_H_

#include <string>
#include <vector>

namespace sotto {

// The program's arguments in UTF-8, its own name first. On Windows the console then takes what is
// printed as UTF-8, too.
std::vector<std::string> StartProgram(int argc, char** argv);

// The path of the running program; empty if the system does not say.
std::string ProgramPath();

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_PROGRAM_H_
