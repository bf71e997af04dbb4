#include "platform/processor.h"

#include "platform/windows/wide.h"

namespace sotto {

std::vector<int> AllowedCpus() {
  std::vector<int> allowed;
  DWORD_PTR mine = 0, all = 0;
  // Both are 0 where the process runs on more than 64.
  if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) return allowed;
  for (int cpu = 0; cpu < static_cast<int>(8 * sizeof(mine)); ++cpu) {
    if ((mine >> cpu & 1) != 0) allowed.push_back(cpu);
  }
  return allowed;
}

std::string CpuFeatures() { return ""; }

bool ArmCpuHasSha256() {
  constexpr DWORD kCryptography = 30;  // PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE
  return IsProcessorFeaturePresent(kCryptography) != 0;
}

}  // namespace sotto
