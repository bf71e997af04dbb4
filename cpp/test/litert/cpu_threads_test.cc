#include "litert/cpu_threads.h"

#include <doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace sotto {
namespace {

// A machine as its kernel describes it below /proc and /sys, in a folder.
class Machine {
 public:
  explicit Machine(int cpus) {
    const char* folder = getenv("TMPDIR");
    root_ = std::string(folder != nullptr ? folder : "/tmp") + "/sotto-machine-XXXXXX";
    REQUIRE(mkdtemp(root_.data()) != nullptr);
    place_.root = root_;
    place_.allowed.resize(static_cast<size_t>(cpus));
    std::iota(place_.allowed.begin(), place_.allowed.end(), 0);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { std::filesystem::remove_all(root_); }

  CpuPlace& place() { return place_; }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  }

  // A value of each CPU, in order.
  void Describe(const std::string& file, const std::vector<int>& values) {
    for (size_t cpu = 0; cpu < values.size(); ++cpu) {
      Write("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + file,
            std::to_string(values[cpu]));
    }
  }

 private:
  std::string root_;
  CpuPlace place_;
};

constexpr char kCapacity[] = "/cpu_capacity";
constexpr char kFrequency[] = "/cpufreq/cpuinfo_max_freq";

TEST_CASE("this process may run on one CPU or more") {
  const CpuPlace place = ThisProcess();
  CHECK(place.root.empty());
  CHECK_FALSE(place.allowed.empty());
  CHECK(UsableCpus(place) >= 1);
  CHECK(UsableCpus(place) <= static_cast<int>(place.allowed.size()));
  CHECK(DefaultThreads(place) >= 1);
  CHECK(DefaultThreads(place) <= 4);
}

TEST_CASE("there are as many threads as CPUs, four at most") {
  for (const auto& [cpus, threads] :
       std::vector<std::pair<int, int>>{{1, 1}, {2, 2}, {4, 4}, {64, 4}}) {
    Machine machine(cpus);
    CHECK(UsableCpus(machine.place()) == cpus);
    CHECK(DefaultThreads(machine.place()) == threads);
  }
}

TEST_CASE("little cores get no thread") {
  Machine machine(8);
  SUBCASE("two big ones and six little ones, of which the kernel knows the capacity") {
    machine.Describe(kCapacity, {282, 282, 282, 282, 282, 282, 1024, 1024});
    // Their frequencies are nearly the same.
    machine.Describe(kFrequency,
                     {2000000, 2000000, 2000000, 2000000, 2000000, 2000000, 2200000, 2200000});
    CHECK(DefaultThreads(machine.place()) == 2);
  }
  SUBCASE("one of the biggest, two of the second kind, which count") {
    machine.Describe(kCapacity, {250, 250, 250, 250, 250, 620, 620, 1024});
    CHECK(DefaultThreads(machine.place()) == 3);
  }
  SUBCASE("the kernel knows frequencies alone") {
    machine.Describe(kFrequency,
                     {1800000, 1800000, 1800000, 1800000, 1800000, 2420000, 2420000, 2840000});
    CHECK(DefaultThreads(machine.place()) == 3);
  }
  // To run on all of them is another thing.
  CHECK(UsableCpus(machine.place()) == 8);
}

TEST_CASE("without big cores in the affinity mask little ones are all there is") {
  Machine machine(8);
  machine.Describe(kCapacity, {282, 282, 282, 282, 282, 282, 1024, 1024});
  machine.place().allowed = {0, 1, 2};
  CHECK(DefaultThreads(machine.place()) == 3);
  machine.place().allowed = {0, 1, 2, 7};
  CHECK(DefaultThreads(machine.place()) == 1);
}

TEST_CASE("what some CPUs do not say is not asked of the others") {
  Machine machine(4);
  machine.Describe(kCapacity, {1024});
  machine.Describe(kFrequency, {1000000, 1000000, 3000000, 3000000});
  CHECK(DefaultThreads(machine.place()) == 2);
}

TEST_CASE("files that hold no number say nothing") {
  Machine machine(2);
  machine.Write("/sys/devices/system/cpu/cpu0/cpu_capacity", "fast");
  machine.Write("/sys/devices/system/cpu/cpu1/cpu_capacity", "");
  machine.Describe(kFrequency, {0, 0});
  machine.Write("/proc/self/cgroup", "no colons\n0:\n");
  CHECK(DefaultThreads(machine.place()) == 2);
}

TEST_CASE("a quota of the control group bounds the threads") {
  Machine machine(16);
  SUBCASE("of version 2") {
    machine.Write("/proc/self/cgroup", "0::/");
    machine.Write("/sys/fs/cgroup/cpu.max", "200000 100000");
    CHECK(UsableCpus(machine.place()) == 2);
    CHECK(DefaultThreads(machine.place()) == 2);
  }
  SUBCASE("of version 2, of a group around it") {
    machine.Write("/proc/self/cgroup", "0::/user.slice/session.scope");
    machine.Write("/sys/fs/cgroup/user.slice/cpu.max", "300000 100000");
    machine.Write("/sys/fs/cgroup/user.slice/session.scope/cpu.max", "max 100000");
    CHECK(UsableCpus(machine.place()) == 3);
  }
  SUBCASE("a part of a CPU is a CPU") {
    machine.Write("/proc/self/cgroup", "0::/");
    machine.Write("/sys/fs/cgroup/cpu.max", "150000 100000");
    CHECK(UsableCpus(machine.place()) == 2);
    machine.Write("/sys/fs/cgroup/cpu.max", "10000 100000");
    CHECK(UsableCpus(machine.place()) == 1);
  }
  SUBCASE("of version 1, by the host's path, which a container does not see") {
    machine.Write("/proc/self/cgroup", "5:cpuset:/\n4:cpu,cpuacct:/docker/1234\n0::/");
    machine.Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000");
    machine.Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
    CHECK(UsableCpus(machine.place()) == 3);
  }
  SUBCASE("of a group of no quota") {
    machine.Write("/proc/self/cgroup", "4:cpu,cpuacct:/\n0::/");
    machine.Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
    machine.Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
    machine.Write("/sys/fs/cgroup/cpu.max", "max 100000");
    CHECK(UsableCpus(machine.place()) == 16);
  }
}

TEST_CASE("more time than CPUs are allowed makes no more CPUs") {
  Machine machine(2);
  machine.Write("/proc/self/cgroup", "0::/");
  machine.Write("/sys/fs/cgroup/cpu.max", "800000 100000");
  CHECK(UsableCpus(machine.place()) == 2);
}

}  // namespace
}  // namespace sotto
