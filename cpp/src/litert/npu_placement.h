// Whether a bundle can run on an NPU that is there, and from which of its files.

#ifndef SOTTO_SRC_LITERT_NPU_PLACEMENT_H_
#define SOTTO_SRC_LITERT_NPU_PLACEMENT_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bundle/bundle_parts.h"
#include "bundle/npu_files.h"
#include "litert/litert_runtime.h"
#include "sotto/error.h"
#include "sotto/load_options.h"

namespace sotto {

// What this machine has.
struct NpuMachine {
  std::vector<std::string> socs;  // DetectSocs
  std::string neuron;             // NeuronVersion
  bool is_host = false;           // its dispatch library is Sotto's for machines without an NPU
};

// The files of `compiled`, of the bundle `label`, for this machine. `soc`: the one to take; empty:
// the machine's, or on a machine without an NPU the only one there is. kDevice, with what there is
// and how to make it, if there are none for it, or they are no code that this machine's dispatch
// library loads: of NeuroPilot's own format, of the other compiler, or of another major version of
// Neuron.
Result<const NpuFiles*> ChooseNpuFiles(const std::string& label,
                                       const std::map<std::string, NpuFiles>& compiled,
                                       const std::string& soc, const NpuMachine& machine);

// Where a model's graphs run.
struct Placement {
  std::shared_ptr<const LiteRtRuntime> runtime;
  std::optional<NpuGraphs> npu;  // nothing: on the CPU
  std::string fallback;          // why "auto" took the CPU, one line

  const char* accelerator() const { return npu ? "npu" : "cpu"; }
};

// On the NPU that this machine is, for which `compiled` must have files.
Result<Placement> PlaceOnNpu(const BundleFiles& files,
                             const std::map<std::string, NpuFiles>& compiled,
                             const LoadOptions& options);

Result<Placement> PlaceOnCpu(const LoadOptions& options, std::string fallback);

// Loads a model where `options` say: `load(Placement)` gives what this returns. With "auto" it is
// called a second time, for the CPU, where the NPU can't be had.
template <typename Load>
auto LoadPlaced(const BundleFiles& files, const std::map<std::string, NpuFiles>& compiled,
                const LoadOptions& options, const Load& load) -> decltype(load(Placement())) {
  using Loaded = decltype(load(Placement()));
  std::string fallback;
  if (options.accelerator != "cpu") {
    Result<Placement> npu = PlaceOnNpu(files, compiled, options);
    Loaded loaded = npu.ok() ? load(std::move(*npu)) : Loaded(npu.error());
    if (loaded.ok() || options.accelerator == "npu") return loaded;
    fallback = "no NPU is used, but the CPU: " + loaded.error().message;
  }
  SOTTO_ASSIGN_OR_RETURN(Placement cpu, PlaceOnCpu(options, std::move(fallback)));
  return load(std::move(cpu));
}

// What a graph's first run on the NPU gave, as kDevice if it failed: LiteRT takes a model even
// where the dispatch library can't start, and fails when it runs.
Result<void> RanOnNpu(const Result<void>& run);

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_NPU_PLACEMENT_H_
