#include "litert/npu_placement.h"

#include <algorithm>

#include "litert/litert_dispatch.h"
#include "sotto/npu.h"

namespace sotto {
namespace {

using Compiled = std::map<std::string, NpuFiles>;  // by SoC

Error NotPlaced(const std::string& message) { return Error{ErrorCode::kDevice, message}; }

std::string Step3(const std::string& label, const std::string& soc, const NpuMachine& machine) {
  return "Compile them: sotto npu compile " + label + " --soc " + soc +
         (machine.is_host ? " --dry-run --keep" : "");
}

std::string Names(const Compiled& files) {
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
Result<const NpuFiles*> FilesOf(const std::string& label, const Compiled& compiled,
                                const std::string& soc, const NpuMachine& machine) {
  const std::vector<std::string> wanted =
      soc.empty() ? machine.socs : std::vector<std::string>{soc};
  if (compiled.empty()) {
    return NotPlaced(label + " has no files for an NPU. " +
                     Step3(label, wanted.empty() ? "SOC" : wanted.front(), machine));
  }
  if (wanted.empty()) {
    if (machine.is_host && compiled.size() == 1) return &compiled.begin()->second;
    return NotPlaced("which SoC this machine has is not known; say soc, of which " + label +
                     " has files for " + Names(compiled));
  }
  for (const std::string& name : wanted) {
    const auto found = compiled.find(name);
    if (found != compiled.end()) return &found->second;
  }
  return NotPlaced(label + " has no files for " + Joined(wanted) + ", only for " + Names(compiled) +
                   ". " + Step3(label, wanted.front(), machine));
}

}  // namespace

Result<const NpuFiles*> ChooseNpuFiles(const std::string& label, const Compiled& compiled,
                                       const std::string& soc, const NpuMachine& machine) {
  const bool other = !soc.empty() && !machine.is_host && !machine.socs.empty() &&
                     std::find(machine.socs.begin(), machine.socs.end(), soc) == machine.socs.end();
  if (other) {
    return NotPlaced("soc " + soc + ": this machine is a " + Joined(machine.socs) +
                     ", which runs no code for another; leave soc out");
  }
  SOTTO_ASSIGN_OR_RETURN(const NpuFiles* npu, FilesOf(label, compiled, soc, machine));
  const std::string files = "the files for " + npu->soc + " in " + label;
  if (npu->format == "dla") {
    return NotPlaced(
        files +
        " are DLA, which NeuroPilot's own runtime loads and LiteRT does not; compile "
        "them through LiteRT instead, where the SoC allows it: sotto npu compile --help");
  }
  if (npu->compiler == "neuron" && machine.is_host) {
    return NotPlaced(files +
                     " are code for the device, which Sotto's dispatch library can't run; they "
                     "run on a device with its own, libLiteRtDispatch_MediaTek.so");
  }
  if (npu->compiler != "neuron" && !machine.is_host) {
    return NotPlaced(
        files +
        " are no code for a device: Sotto's neuron_host recorded them, for Sotto's "
        "own dispatch library. Compile them where MediaTek's SDK is installed: sotto npu "
        "compile " +
        label + " --soc " + npu->soc);
  }
  const bool both_known = !machine.neuron.empty() && !npu->sdk.empty();
  if (!machine.is_host && both_known && Major(machine.neuron) != Major(npu->sdk)) {
    return NotPlaced(files + " were compiled by Neuron " + npu->sdk + ", this device has " +
                     machine.neuron + ": another major version can't load them. " +
                     Step3(label, npu->soc, machine) + ", with the SDK of version " +
                     Major(machine.neuron));
  }
  return npu;
}

Result<Placement> PlaceOnNpu(const BundleFiles& files, const Compiled& compiled,
                             const LoadOptions& options) {
  SOTTO_ASSIGN_OR_RETURN(const DispatchLibrary dispatch, DispatchLibrary::Open(options.dispatch));
  NpuMachine machine;
  machine.is_host = dispatch.is_host();
  machine.socs = DetectSocs(SystemFacts::OfThisMachine());
  if (!machine.is_host) machine.neuron = NeuronVersion();
  SOTTO_ASSIGN_OR_RETURN(const NpuFiles* npu,
                         ChooseNpuFiles(files.label(), compiled, options.soc, machine));
  Placement placement;
  SOTTO_ASSIGN_OR_RETURN(placement.npu, NpuGraphs::Open(files, *npu, options.verify));
  SOTTO_ASSIGN_OR_RETURN(placement.runtime, LiteRtRuntime::CreateWithNpu(
                                                options.library, options.weight_cache, dispatch,
                                                /*quiet=*/options.accelerator == "auto"));
  return placement;
}

Result<Placement> PlaceOnCpu(const LoadOptions& options, std::string fallback) {
  Placement placement;
  SOTTO_ASSIGN_OR_RETURN(placement.runtime,
                         LiteRtRuntime::Create(options.library, options.weight_cache));
  placement.fallback = std::move(fallback);
  return placement;
}

Result<void> RanOnNpu(const Result<void>& run) {
  if (run.ok()) return {};
  return NotPlaced("the NPU fails: " + run.error().message);
}

}  // namespace sotto
