// Whether a bundle can run on an NPU that is there, and from which of its files.

#ifndef SOTTO_SRC_LITERT_NPU_PLACEMENT_H_
#define SOTTO_SRC_LITERT_NPU_PLACEMENT_H_

#include <string>
#include <vector>

#include "litert/litert_dispatch.h"
#include "sotto/bundle.h"
#include "sotto/error.h"

namespace sotto {

// What this machine has.
struct NpuMachine {
  std::vector<std::string> socs;  // DetectSocs
  std::string neuron;             // NeuronVersion
  bool is_host = false;           // its dispatch library is Sotto's for machines without an NPU
};

// The files for this machine. `soc`: the one to take; empty: the machine's, or on a machine
// without an NPU the only one there is. kDevice, with what there is and how to make it, if there
// are none for it, or they are no code that this machine's dispatch library loads: of NeuroPilot's
// own format, of the other compiler, or of another major version of Neuron.
Result<const NpuFiles*> ChooseNpuFiles(const Bundle& bundle, const std::string& soc,
                                       const NpuMachine& machine);

// ChooseNpuFiles on the machine that this is, and OnNpu.
Result<Bundle> PlaceOnNpu(const Bundle& bundle, const BundleFiles& files, const std::string& soc,
                          const DispatchLibrary& dispatch, bool verify);

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_NPU_PLACEMENT_H_
