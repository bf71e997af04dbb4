#include "sotto/npu.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "platform/path.h"
#include "platform/shared_library.h"

namespace sotto {
namespace {

constexpr size_t kSocDigits = 4;

// "mt6991" for each such name in the text, in order.
void AddSocs(std::string text, std::vector<std::string>* socs) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t at = text.find("mt"); at != std::string::npos; at = text.find("mt", at + 2)) {
    const auto digits = text.begin() + static_cast<std::ptrdiff_t>(at) + 2;
    if (text.end() - digits < static_cast<std::ptrdiff_t>(kSocDigits) ||
        !std::all_of(digits, digits + kSocDigits, is_digit)) {
      continue;
    }
    const std::string soc = text.substr(at, 2 + kSocDigits);
    if (std::find(socs->begin(), socs->end(), soc) == socs->end()) socs->push_back(soc);
  }
}

std::string Content(const std::string& path) {
  const std::ifstream file(PathFrom(path), std::ios::binary);
  std::ostringstream content;
  if (file) content << file.rdbuf();
  return content.str();
}

}  // namespace

SystemFacts SystemFacts::OfThisMachine() {
  SystemFacts facts;
  // Only Android's C library has it.
  using Get = int (*)(const char*, char*);
  const auto get = SharedLibrary::OfProcess().Find<Get>("__system_property_get");
  if (get != nullptr) {
    facts.property = [get](const std::string& name) {
      constexpr size_t kLongest = 92;  // PROP_VALUE_MAX
      char value[kLongest] = {};
      return get(name.c_str(), value) > 0 ? std::string(value) : std::string();
    };
  }
  return facts;
}

std::vector<std::string> DetectSocs(const SystemFacts& facts) {
  std::vector<std::string> socs;
  if (facts.property) {
    // The first is there from Android 12 on.
    for (const char* name : {"ro.soc.model", "ro.hardware", "ro.board.platform"}) {
      AddSocs(facts.property(name), &socs);
    }
  }
  AddSocs(Content(facts.root + "/proc/device-tree/compatible"), &socs);
  return socs;
}

std::string NeuronVersion() {
  struct Version {  // Neuron_getVersion's
    uint8_t major, minor, patch;
  };
  using GetVersion = int (*)(Version*);
  // Where LiteRT's MediaTek dispatch library looks, and in its order.
  for (const char* name : {"libneuronusdk_adapter.mtk.so", "libneuronusdk_adapter.9.mtk.so",
                           "libneuron_adapter_mgvi.so", "libneuron_adapter.so"}) {
    const SharedLibrary library(name);  // stays loaded, as the NPU will need it
    if (!library.ok()) continue;
    const auto get = library.Find<GetVersion>("Neuron_getVersion");
    Version version{};
    if (get == nullptr || get(&version) != 0) continue;
    return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
           std::to_string(version.patch);
  }
  return "";
}

}  // namespace sotto
