#include "litert/npu_placement.h"

#include <algorithm>

#include "sotto/npu.h"

namespace sotto {
namespace {

Error NoDevice(const std::string& message) { return Error{ErrorCode::kDevice, message}; }

std::string Step3(const Bundle& bundle, const std::string& soc, const NpuMachine& machine) {
  return "Compile them: sotto npu compile " + bundle.directory + " --soc " + soc +
         (machine.is_host ? " --dry-run --keep" : "");
}

std::string Names(const std::map<std::string, NpuFiles>& files) {
  std::string names;
  for (const auto& [soc, npu] : files) names += (names.empty() ? "" : ", ") + soc;
  return names;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : " or ") + name;
  return joined;
}

std::string Major(const std::string& version) { return version.substr(0, version.find('.')); }

// By name alone.
Result<const NpuFiles*> FilesOf(const Bundle& bundle, const std::string& soc,
                                const NpuMachine& machine) {
  const std::vector<std::string> wanted =
      soc.empty() ? machine.socs : std::vector<std::string>{soc};
  if (bundle.npu.empty()) {
    return NoDevice(bundle.directory + " has no files for an NPU. " +
                    Step3(bundle, wanted.empty() ? "SOC" : wanted.front(), machine));
  }
  if (wanted.empty()) {
    if (machine.is_host && bundle.npu.size() == 1) return &bundle.npu.begin()->second;
    return NoDevice("which SoC this machine has is not known; say soc, of which " +
                    bundle.directory + " has files for " + Names(bundle.npu));
  }
  for (const std::string& name : wanted) {
    const auto found = bundle.npu.find(name);
    if (found != bundle.npu.end()) return &found->second;
  }
  return NoDevice(bundle.directory + " has no files for " + Joined(wanted) + ", only for " +
                  Names(bundle.npu) + ". " + Step3(bundle, wanted.front(), machine));
}

}  // namespace

Result<const NpuFiles*> ChooseNpuFiles(const Bundle& bundle, const std::string& soc,
                                       const NpuMachine& machine) {
  const bool other = !soc.empty() && !machine.is_host && !machine.socs.empty() &&
                     std::find(machine.socs.begin(), machine.socs.end(), soc) == machine.socs.end();
  if (other) {
    return NoDevice("soc " + soc + ": this machine is a " + Joined(machine.socs) +
                    ", which runs no code for another; leave soc out");
  }
  SOTTO_ASSIGN_OR_RETURN(const NpuFiles* npu, FilesOf(bundle, soc, machine));
  const std::string files = "the files for " + npu->soc + " in " + bundle.directory;
  if (npu->format == "dla") {
    return NoDevice(
        files +
        " are DLA, which NeuroPilot's own runtime loads and LiteRT does not; compile "
        "them through LiteRT instead, where the SoC allows it: sotto npu compile --help");
  }
  if (npu->compiler == "neuron" && machine.is_host) {
    return NoDevice(files +
                    " are code for the device, which Sotto's dispatch library can't run; they "
                    "run on a device with its own, libLiteRtDispatch_MediaTek.so");
  }
  if (npu->compiler != "neuron" && !machine.is_host) {
    return NoDevice(
        files +
        " are no code for a device: Sotto's neuron_host recorded them, for Sotto's "
        "own dispatch library. Compile them where MediaTek's SDK is installed: sotto npu "
        "compile " +
        bundle.directory + " --soc " + npu->soc);
  }
  const bool both_known = !machine.neuron.empty() && !npu->sdk.empty();
  if (!machine.is_host && both_known && Major(machine.neuron) != Major(npu->sdk)) {
    return NoDevice(files + " were compiled by Neuron " + npu->sdk + ", this device has " +
                    machine.neuron + ": another major version can't load them. " +
                    Step3(bundle, npu->soc, machine) + ", with the SDK of version " +
                    Major(machine.neuron));
  }
  return npu;
}

Result<Bundle> PlaceOnNpu(const Bundle& bundle, const BundleFiles& files, const std::string& soc,
                          const DispatchLibrary& dispatch, bool verify) {
  NpuMachine machine;
  machine.is_host = dispatch.is_host();
  machine.socs = DetectSocs(SystemFacts::OfThisMachine());
  if (!machine.is_host) machine.neuron = NeuronVersion();
  SOTTO_ASSIGN_OR_RETURN(const NpuFiles* npu, ChooseNpuFiles(bundle, soc, machine));
  return OnNpu(bundle, files, *npu, verify);
}

}  // namespace sotto
