// The Neuron Adapter's C interface, as far as LiteRT's MediaTek compiler plugin calls it, on any
// Linux machine. Models are checked against the public operation contracts and recorded; nothing is
// executed, and what "compiling" gives is marked as no code for a device (network_file.h).
//
// The environment, whose names beginning with MTKNN are the plugin's:
//   MTKNN_ADAPTER_DLA_PLATFORM  the SoC that the plugin compiles for
//   SOTTO_NEURON_REPORT         file to append a line of JSON to for each query and compilation
//   SOTTO_NEURON_NETWORKS       directory to write each queried graph to, 0.sottonet and so on
//   SOTTO_NEURON_VERSION        what Neuron_getVersion answers; 8.2.24 unless set
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "codes.h"
#include "contracts.h"
#include "model.h"
#include "network_file.h"

#define SOTTO_EXPORT extern "C" __attribute__((visibility("default")))

using sotto::neuron::kBadData;
using sotto::neuron::kBadState;
using sotto::neuron::kNoError;
using sotto::neuron::kOpFailed;
using sotto::neuron::kUnexpectedNull;

struct NeuronModel {
  sotto::neuron::Model model;
};

struct NeuronCompilation {
  const sotto::neuron::Model* model = nullptr;
  std::vector<uint8_t> file;  // empty until it is finished
};

struct NeuronExecution;
struct NeuronMemory;

namespace {

constexpr char kExtension[] = "com.mediatek.general_operation";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Soc() { return Environment("MTKNN_ADAPTER_DLA_PLATFORM"); }

int Complain(int result, const std::string& message) {
  std::fprintf(stderr, "sotto neuron_host: %s\n", message.c_str());
  return result;
}

// The plugin is C++ behind a C interface: nothing may be thrown through it.
template <typename Call>
int Guarded(const Call& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    return Complain(kOpFailed, error.what());
  }
}

template <typename Call>
int OnModel(NeuronModel* model, const Call& call) {
  if (model == nullptr) return Complain(kUnexpectedNull, "a model is null");
  return Guarded([&] {
    const int result = call(model->model);
    return result == kNoError ? result : Complain(result, model->model.error());
  });
}

void WriteReport(const sotto::neuron::Model& model) {
  const std::string path = Environment("SOTTO_NEURON_REPORT");
  if (path.empty()) return;
  std::ofstream file(path, std::ios::app);
  file << sotto::neuron::Report(model, Soc()) << '\n';
  if (!file.flush()) Complain(kOpFailed, "can't write " + path);
}

void WriteNetwork(const sotto::neuron::Model& model) {
  static std::atomic<int> count{0};
  const std::string folder = Environment("SOTTO_NEURON_NETWORKS");
  if (folder.empty()) return;
  const std::string path = folder + "/" + std::to_string(count++) + ".sottonet";
  const std::vector<uint8_t> content = sotto::neuron::NetworkFile(model, Soc());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
  if (!file.flush()) Complain(kOpFailed, "can't write " + path);
}

int ExtensionType(const NeuronModel* model, const char* extension, int32_t code, int32_t* type) {
  if (model == nullptr || extension == nullptr || type == nullptr) {
    return Complain(kUnexpectedNull, "an extension is null");
  }
  if (std::strcmp(extension, kExtension) != 0) {
    return Complain(kBadData, std::string("the extension ") + extension + " is not known");
  }
  *type = code;
  return kNoError;
}

int NotExecuted() {
  return Complain(kBadState, "this library records and checks graphs; it executes none");
}

}  // namespace

SOTTO_EXPORT int Neuron_getVersion(NeuronRuntimeVersion* version) {
  if (version == nullptr) return Complain(kUnexpectedNull, "the version is null");
  unsigned major = 8, minor = 2, patch = 24;
  const std::string text = Environment("SOTTO_NEURON_VERSION");
  if (!text.empty() && (std::sscanf(text.c_str(), "%3u.%3u.%3u", &major, &minor, &patch) != 3 ||
                        major > 255 || minor > 255 || patch > 255)) {
    return Complain(kBadData, "SOTTO_NEURON_VERSION is " + text + ", not such as 8.2.24");
  }
  *version = {static_cast<uint8_t>(major), static_cast<uint8_t>(minor),
              static_cast<uint8_t>(patch)};
  return kNoError;
}

SOTTO_EXPORT int NeuronModel_create(NeuronModel** model) {
  if (model == nullptr) return Complain(kUnexpectedNull, "where to put the model is null");
  *model = new (std::nothrow) NeuronModel;
  return *model == nullptr ? Complain(kOpFailed, "out of memory") : kNoError;
}

SOTTO_EXPORT void NeuronModel_free(NeuronModel* model) { delete model; }

SOTTO_EXPORT int NeuronModel_setName(NeuronModel* model, const char* name) {
  return OnModel(model, [&](auto& m) {
    m.set_name(name == nullptr ? "" : name);
    return kNoError;
  });
}

SOTTO_EXPORT int NeuronModel_addOperand(NeuronModel* model, const NeuronOperandType* type) {
  if (type == nullptr) return Complain(kUnexpectedNull, "an operand's type is null");
  return OnModel(model, [&](auto& m) { return m.AddOperand(*type); });
}

SOTTO_EXPORT int NeuronModel_setOperandValue(NeuronModel* model, int32_t index, const void* value,
                                             size_t bytes) {
  return OnModel(model, [&](auto& m) { return m.SetValue(index, value, bytes); });
}

SOTTO_EXPORT int NeuronModel_setOperandSymmPerChannelQuantParams(
    NeuronModel* model, int32_t index, const NeuronSymmPerChannelQuantParams* parameters) {
  if (parameters == nullptr) return Complain(kUnexpectedNull, "an operand's scales are null");
  return OnModel(model, [&](auto& m) {
    return m.SetChannelScales(
        index, {parameters->channelDim, parameters->scaleCount, parameters->scales, 0, nullptr});
  });
}

SOTTO_EXPORT int NeuronModel_setOperandPerChannelQuantParams(
    NeuronModel* model, int32_t index, const NeuronPerChannelQuantParams* parameters) {
  if (parameters == nullptr) return Complain(kUnexpectedNull, "an operand's scales are null");
  return OnModel(model, [&](auto& m) { return m.SetChannelScales(index, *parameters); });
}

SOTTO_EXPORT int NeuronModel_addOperation(NeuronModel* model, int32_t code, uint32_t inputs,
                                          const uint32_t* input, uint32_t outputs,
                                          const uint32_t* output) {
  return OnModel(model,
                 [&](auto& m) { return m.AddOperation(code, inputs, input, outputs, output); });
}

SOTTO_EXPORT int NeuronModel_identifyInputsAndOutputs(NeuronModel* model, uint32_t inputs,
                                                      const uint32_t* input, uint32_t outputs,
                                                      const uint32_t* output) {
  return OnModel(model,
                 [&](auto& m) { return m.SetInputsAndOutputs(inputs, input, outputs, output); });
}

SOTTO_EXPORT int NeuronModel_relaxComputationFloat32toFloat16(NeuronModel* model, bool allow) {
  return OnModel(model, [&](auto& m) {
    m.set_relaxed(allow);
    return kNoError;
  });
}

SOTTO_EXPORT int NeuronModel_getExtensionOperandType(NeuronModel* model, const char* extension,
                                                     uint16_t, int32_t* type) {
  return ExtensionType(model, extension, sotto::neuron::kExtensionArgument, type);
}

SOTTO_EXPORT int NeuronModel_getExtensionOperationType(NeuronModel* model, const char* extension,
                                                       uint16_t, int32_t* type) {
  return ExtensionType(model, extension, sotto::neuron::kExtensionOperation, type);
}

SOTTO_EXPORT int NeuronModel_finish(NeuronModel* model) {
  return OnModel(model, [](auto& m) { return m.Finish(); });
}

SOTTO_EXPORT int NeuronModel_restoreFromCompiledNetwork(NeuronModel**, NeuronCompilation**,
                                                        const void*, size_t) {
  return NotExecuted();
}

SOTTO_EXPORT int NeuronCompilation_create(NeuronModel* model, NeuronCompilation** compilation) {
  if (model == nullptr || compilation == nullptr) {
    return Complain(kUnexpectedNull, "a model or where to put its compilation is null");
  }
  if (!model->model.finished()) return Complain(kBadState, "the model is not finished");
  *compilation = new (std::nothrow) NeuronCompilation{&model->model, {}};
  return *compilation == nullptr ? Complain(kOpFailed, "out of memory") : kNoError;
}

SOTTO_EXPORT int NeuronCompilation_createWithOptions(NeuronModel* model,
                                                     NeuronCompilation** compilation, const char*) {
  return NeuronCompilation_create(model, compilation);
}

SOTTO_EXPORT void NeuronCompilation_free(NeuronCompilation* compilation) { delete compilation; }

SOTTO_EXPORT int NeuronCompilation_getSupportedOperations(NeuronCompilation* compilation,
                                                          uint32_t count, bool* supported) {
  if (compilation == nullptr || supported == nullptr) {
    return Complain(kUnexpectedNull, "a compilation or where to put the answer is null");
  }
  const auto& operations = compilation->model->operations();
  if (count != operations.size()) {
    return Complain(kBadData, "asked of " + std::to_string(count) + " operations, but there are " +
                                  std::to_string(operations.size()));
  }
  for (uint32_t i = 0; i < count; ++i) supported[i] = operations[i].refusal.empty();
  return Guarded([&] {
    WriteReport(*compilation->model);
    WriteNetwork(*compilation->model);
    return kNoError;
  });
}

SOTTO_EXPORT int NeuronCompilation_finish(NeuronCompilation* compilation) {
  if (compilation == nullptr) return Complain(kUnexpectedNull, "a compilation is null");
  return Guarded([&]() -> int {
    const sotto::neuron::Model& model = *compilation->model;
    WriteReport(model);
    int result = kNoError;
    for (size_t i = 0; i < model.operations().size(); ++i) {
      const sotto::neuron::Operation& operation = model.operations()[i];
      if (operation.refusal.empty()) continue;
      result = Complain(kBadData, "operation " + std::to_string(i) + " (" +
                                      sotto::neuron::OperationName(operation.code) +
                                      "): " + operation.refusal);
    }
    if (result == kNoError) compilation->file = sotto::neuron::NetworkFile(model, Soc());
    return result;
  });
}

SOTTO_EXPORT int NeuronCompilation_getCompiledNetworkSize(NeuronCompilation* compilation,
                                                          size_t* size) {
  if (compilation == nullptr || size == nullptr) {
    return Complain(kUnexpectedNull, "a compilation or where to put its size is null");
  }
  if (compilation->file.empty()) return Complain(kBadState, "the compilation is not finished");
  *size = compilation->file.size();
  return kNoError;
}

SOTTO_EXPORT int NeuronCompilation_storeCompiledNetwork(NeuronCompilation* compilation,
                                                        void* buffer, size_t size) {
  if (compilation == nullptr || buffer == nullptr) {
    return Complain(kUnexpectedNull, "a compilation or where to store it is null");
  }
  if (compilation->file.empty()) return Complain(kBadState, "the compilation is not finished");
  if (size < compilation->file.size()) return Complain(kBadData, "the buffer is too small");
  std::memcpy(buffer, compilation->file.data(), compilation->file.size());
  return kNoError;
}

// Hints to a compiler that is not here.
SOTTO_EXPORT int NeuronCompilation_setPreference(NeuronCompilation*, int32_t) { return kNoError; }
SOTTO_EXPORT int NeuronCompilation_setPriority(NeuronCompilation*, int) { return kNoError; }
SOTTO_EXPORT int NeuronCompilation_setOptimizationHint(NeuronCompilation*, uint32_t) {
  return kNoError;
}
SOTTO_EXPORT int NeuronCompilation_setOptimizationString(NeuronCompilation*, const char*) {
  return kNoError;
}
SOTTO_EXPORT int NeuronCompilation_setL1MemorySizeKb(NeuronCompilation*, uint32_t) {
  return kNoError;
}
SOTTO_EXPORT int Neuron_getL1MemorySizeKb(uint32_t* size) {
  if (size == nullptr) return Complain(kUnexpectedNull, "where to put the size is null");
  *size = 0;  // no such memory
  return kNoError;
}

// What only a device does. The plugin looks the names up, but does not call them when it compiles.
SOTTO_EXPORT int NeuronCompilation_getInputPaddedDimensions(NeuronCompilation*, int32_t,
                                                            uint32_t*) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronCompilation_getOutputPaddedDimensions(NeuronCompilation*, int32_t,
                                                             uint32_t*) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronCompilation_getInputPaddedSize(NeuronCompilation*, int32_t, size_t*) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronCompilation_getOutputPaddedSize(NeuronCompilation*, int32_t, size_t*) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronExecution_create(NeuronCompilation*, NeuronExecution**) {
  return NotExecuted();
}
SOTTO_EXPORT void NeuronExecution_free(NeuronExecution*) {}
SOTTO_EXPORT int NeuronExecution_compute(NeuronExecution*) { return NotExecuted(); }
SOTTO_EXPORT int NeuronExecution_setBoostHint(NeuronExecution*, uint8_t) { return NotExecuted(); }
SOTTO_EXPORT int NeuronExecution_setConfig(NeuronExecution*, const char*) { return NotExecuted(); }
SOTTO_EXPORT int NeuronExecution_setInputFromMemory(NeuronExecution*, uint32_t,
                                                    const NeuronOperandType*, const NeuronMemory*,
                                                    size_t, size_t) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronExecution_setOutputFromMemory(NeuronExecution*, uint32_t,
                                                     const NeuronOperandType*, const NeuronMemory*,
                                                     size_t, size_t) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronMemory_createFromFd(size_t, int, int, size_t, NeuronMemory**) {
  return NotExecuted();
}
SOTTO_EXPORT int NeuronMemory_createFromAHardwareBuffer(const void*, NeuronMemory**) {
  return NotExecuted();
}
SOTTO_EXPORT void NeuronMemory_free(NeuronMemory*) {}
