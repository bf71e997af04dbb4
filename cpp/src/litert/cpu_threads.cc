#include "litert/cpu_threads.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>

#include "platform/processor.h"

namespace sotto {
namespace {

// More lose more in waiting for each other than they win, at the sizes of a decoder step.
constexpr int kMaxThreads = 4;

// Capacities are of the same work at the highest frequency: little cores have a third or less,
// the slower ones of two big kinds half or more.
constexpr double kBigCapacity = 0.5;
// Frequencies are nearer to each other; big kinds differ by a sixth.
constexpr double kBigFrequency = 0.8;

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

std::optional<double> ReadNumber(const std::string& path) {
  std::ifstream file(path);
  double value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

// CPUs' worth of time; kNoQuota where there is none or the files are not there.
double Quota(std::optional<double> time, std::optional<double> period) {
  return time && period && *time > 0 && *period > 0 ? *time / *period : kNoQuota;
}

double QuotaOfV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double time = 0, period = 0;  // "max 100000" is no quota, and no number
  if (!(file >> time >> period)) return kNoQuota;
  return Quota(time, period);
}

double QuotaOfV1(const std::string& folder) {
  return Quota(ReadNumber(folder + "/cpu.cfs_quota_us"), ReadNumber(folder + "/cpu.cfs_period_us"));
}

// The least of a group and of all around it. In a container the group's path may be the host's,
// of which only the end of the way up is there.
template <typename QuotaOf>
double MinQuota(const std::string& mount, std::string group, const QuotaOf& quota_of) {
  double min = quota_of(mount);
  while (!group.empty() && group != "/") {
    min = std::min(min, quota_of(mount + group));
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return min;
}

bool HasCpuController(const std::string& controllers) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "cpu") return true;
  }
  return false;
}

// Of /proc/self/cgroup's lines "ID:CONTROLLERS:PATH"; v2's has no controllers.
double GroupQuota(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  const std::string mount = root + "/sys/fs/cgroup";
  double min = kNoQuota;
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      min = std::min(min, MinQuota(mount, group, QuotaOfV2));
    } else if (HasCpuController(controllers)) {
      min = std::min(min, MinQuota(mount + "/cpu", group, QuotaOfV1));
    }
  }
  return min;
}

// How many of the CPUs have `fraction` of the greatest value or more; nothing where one has none.
std::optional<int> CountBig(const CpuPlace& place, const std::string& file, double fraction) {
  std::vector<double> values;
  for (const int cpu : place.allowed) {
    const auto value =
        ReadNumber(place.root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + file);
    if (!value || *value <= 0) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  const double min = fraction * *std::max_element(values.begin(), values.end());
  return static_cast<int>(
      std::count_if(values.begin(), values.end(), [min](double value) { return value >= min; }));
}

int CountBig(const CpuPlace& place) {
  if (const auto count = CountBig(place, "/cpu_capacity", kBigCapacity)) return *count;
  if (const auto count = CountBig(place, "/cpufreq/cpuinfo_max_freq", kBigFrequency)) return *count;
  return static_cast<int>(place.allowed.size());
}

}  // namespace

CpuPlace ThisProcess() {
  CpuPlace place;
  place.allowed = AllowedCpus();
  if (place.allowed.empty()) {
    place.allowed.resize(std::max(1U, std::thread::hardware_concurrency()));
    std::iota(place.allowed.begin(), place.allowed.end(), 0);
  }
  return place;
}

int UsableCpus(const CpuPlace& place) {
  const double allowed = std::max<double>(1, static_cast<double>(place.allowed.size()));
  return static_cast<int>(std::clamp(std::ceil(GroupQuota(place.root)), 1.0, allowed));
}

int DefaultThreads(const CpuPlace& place) {
  return std::clamp(std::min(UsableCpus(place), CountBig(place)), 1, kMaxThreads);
}

}  // namespace sotto
