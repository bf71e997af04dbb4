// What the system says of the processor.

#ifndef SOTTO_SRC_PLATFORM_PROCESSOR_H_
#define SOTTO_SRC_PLATFORM_PROCESSOR_H_

#include <string>
#include <vector>

namespace sotto {

// The CPUs of this process's affinity mask; empty where the system has none or does not say.
std::vector<int> AllowedCpus();

// What the first CPU can do, in the system's words; empty where it says nothing.
std::string CpuFeatures();

// Whether this 64-bit Arm CPU has instructions for SHA-256.
bool ArmCpuHasSha256();

}  // namespace sotto

#endif  // SOTTO_SRC_PLATFORM_PROCESSOR_H_
