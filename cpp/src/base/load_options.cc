#include "sotto/load_options.h"

#include <algorithm>

namespace sotto {
namespace {

bool IsSoc(const std::string& soc) {
  const auto of_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return std::all_of(soc.begin(), soc.end(), of_name);
}

}  // namespace

Result<void> LoadOptions::Validate() const {
  const auto fault = [](const std::string& message) { return Error{ErrorCode::kOption, message}; };
  if (threads < 0 || threads > 1024) {
    return fault("threads " + std::to_string(threads) + ": expected 0 to 1024");
  }
  if (accelerator != "cpu" && accelerator != "npu" && accelerator != "auto") {
    return fault("accelerator \"" + accelerator + "\": expected cpu, npu or auto");
  }
  if (!IsSoc(soc)) return fault("soc \"" + soc + "\": expected a name such as mt6991");
  return {};
}

}  // namespace sotto
