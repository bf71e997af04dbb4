// Where a bundle's graphs run: this machine's NPU, or its CPU.

#ifndef SOTTO_NPU_H_
#define SOTTO_NPU_H_

#include <functional>
#include <string>
#include <vector>

#include "sotto/error.h"

namespace sotto {

// How a system is asked what it is.
struct SystemFacts {
  // A property of Android's, such as ro.soc.model; empty if there is none. Null: there are none.
  std::function<std::string(const std::string& name)> property;
  std::string root;  // before /proc/device-tree; empty but in tests

  // This machine's.
  static SystemFacts OfThisMachine();
};

// The MediaTek SoCs that this machine may be called, as bundles name them ("mt6991"), the most
// exact first: what Android says, or the device tree of a Genio board, which also names the chip
// that its own is a variant of ("mt8390", "mt8188"). Empty: none that is known.
std::vector<std::string> DetectSocs(const SystemFacts& facts);

// Of Neuron, MediaTek's NPU software, on this machine: "8.2.24"; empty where none can be loaded.
std::string NeuronVersion();

}  // namespace sotto

#endif  // SOTTO_NPU_H_
