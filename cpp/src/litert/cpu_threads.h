// How many threads the CPU kernels get where nobody says.

#ifndef SOTTO_SRC_LITERT_CPU_THREADS_H_
#define SOTTO_SRC_LITERT_CPU_THREADS_H_

#include <string>
#include <vector>

namespace sotto {

// What the operating system lets a process run on.
struct CpuPlace {
  std::vector<int> allowed;  // CPUs of the affinity mask; at least one
  std::string root;          // before /proc and /sys, for a test; without a slash at its end
};

CpuPlace ThisProcess();

// CPUs that can be busy at once: those allowed, or fewer where a control group's quota (v2's
// cpu.max, v1's cpu.cfs_quota_us) has time for fewer, rounded up; at least 1.
int UsableCpus(const CpuPlace& place);

// As many as usable CPUs are big cores, 4 at most. Kernels split a layer evenly, so that a little
// core among big ones makes all of them wait. Big is a cpu_capacity of half the greatest or more,
// or where the kernel gives none a highest frequency of 0.8 of the greatest or more; where it says
// neither, all are.
int DefaultThreads(const CpuPlace& place);

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_CPU_THREADS_H_
