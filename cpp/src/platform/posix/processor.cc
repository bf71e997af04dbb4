#include "platform/processor.h"

#include <fstream>

#ifdef __linux__
#include <sched.h>
#include <sys/auxv.h>
#endif

namespace sotto {

std::vector<int> AllowedCpus() {
  std::vector<int> allowed;
#ifdef __linux__
  // A machine of more CPUs than the mask has room for is an error.
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) return allowed;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mask)) allowed.push_back(cpu);
  }
#endif
  return allowed;
}

std::string CpuFeatures() {
  std::ifstream file("/proc/cpuinfo");  // Linux's
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0) return line;
  }
  return "";
}

bool ArmCpuHasSha256() {
#if defined(__linux__) && defined(__aarch64__)
  constexpr unsigned long kSha2 = 1 << 6;  // HWCAP_SHA2, which older headers lack
  return (getauxval(AT_HWCAP) & kSha2) != 0;
#elif defined(__APPLE__) && defined(__aarch64__)
  return true;  // every one of Apple's
#else
  return false;
#endif
}

}  // namespace sotto
